import type { Kysely, Selectable, Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { KeyProvider } from '../crypto/key-ring.ts';
import { seal, unseal } from '../crypto/seal.ts';
import type { InstallPurpose } from '../domain/ghl-scopes.ts';
import { reportDeadInstall, settleDeadInstall } from './dead-installs.ts';
import type { Database } from './schema.ts';
import type { InstallTable } from './schema/tenants.ts';
import { withScope } from './scope.ts';

/** A GHL resource as far as its install is concerned: the company's (no location) or a location's. */
interface InstallOwner {
  agencyId: string;
  locationId?: string;
  /** Of the company's two; `locations` where nothing is said. */
  purpose?: InstallPurpose;
}

interface InstallRef {
  installId: string;
  agencyId: string;
}

export interface InstallTokens {
  accessToken: string;
  refreshToken: string | null;
  expiresAt: Date | null;
  scopes: string[];
}

export interface OpenedInstall {
  installId: string;
  agencyId: string;
  locationId: string | null;
  purpose: InstallPurpose;
  kind: 'oauth' | 'pit';
  userType: 'Company' | 'Location';
  status: 'active' | 'needs_reauth' | 'uninstalled';
  pausedUntil: Date | null;
  accessToken: string;
  refreshToken: string | null;
  expiresAt: Date | null;
  tokenVersion: number;
}

const ownerOf = (row: { agency_id: string; location_id: string | null }, purpose: string) => ({
  agencyId: row.agency_id,
  locationId: row.location_id,
  purpose,
});

const sealTokens = (
  keys: KeyProvider,
  row: { agency_id: string; location_id: string | null },
  tokens: InstallTokens,
) => ({
  access_token: seal(keys, Buffer.from(tokens.accessToken), ownerOf(row, 'access-token')),
  refresh_token:
    tokens.refreshToken === null ? null : seal(keys, Buffer.from(tokens.refreshToken), ownerOf(row, 'refresh-token')),
  expires_at: tokens.expiresAt,
  scopes: tokens.scopes,
});

const openInstall = (keys: KeyProvider, row: Selectable<InstallTable>): OpenedInstall => ({
  installId: row.id,
  agencyId: row.agency_id,
  locationId: row.location_id,
  purpose: row.purpose,
  kind: row.kind,
  userType: row.user_type,
  status: row.status,
  pausedUntil: row.paused_until,
  accessToken: unseal(keys, row.access_token, ownerOf(row, 'access-token')).toString(),
  refreshToken: row.refresh_token && unseal(keys, row.refresh_token, ownerOf(row, 'refresh-token')).toString(),
  expiresAt: row.expires_at,
  tokenVersion: row.token_version,
});

type NewInstall = {
  agencyId: string;
  locationId: string | null;
  purpose?: InstallPurpose;
  kind: 'oauth' | 'pit';
  userType: 'Company' | 'Location';
} & InstallTokens;

const activeColumns = (keys: KeyProvider, install: NewInstall, now: Date) => ({
  ...sealTokens(keys, { agency_id: install.agencyId, location_id: install.locationId }, install),
  kind: install.kind,
  user_type: install.userType,
  status: 'active' as const,
  status_reason: null,
  paused_until: null,
  updated_at: now,
});

/** Creates the install of an agency or location, or replaces its authority; tokens are sealed for their tenant. */
export async function saveInstall(
  tx: Transaction<Database>,
  keys: KeyProvider,
  install: NewInstall,
  now: Date,
): Promise<OpenedInstall> {
  const { purpose = 'locations' } = install;
  const owner = { agency_id: install.agencyId, location_id: install.locationId, purpose };
  const change = activeColumns(keys, install, now);
  const row = await tx
    .insertInto('installs')
    .values({ id: uuidv7(), ...owner, ...change, installed_at: now })
    .onConflict((conflict) =>
      (install.locationId === null
        ? conflict.columns(['agency_id', 'purpose']).where('location_id', 'is', null)
        : conflict.column('location_id').where('location_id', 'is not', null)
      ).doUpdateSet((set) => ({ ...change, token_version: set('installs.token_version', '+', 1) })),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
  await settleDeadInstall(tx, row, now);
  return openInstall(keys, row);
}

/** The installs of the scope without their tokens. */
export async function listInstalls(tx: Transaction<Database>) {
  return tx
    .selectFrom('installs')
    .select(['id', 'location_id', 'purpose', 'kind', 'user_type', 'status', 'status_reason'])
    .select(['paused_until', 'expires_at', 'installed_at', 'updated_at'])
    .orderBy('installed_at')
    .execute();
}

/** Ends the authority of an agency (no location) or of a location, when GHL says that the app was removed. */
export async function markUninstalled(
  tx: Transaction<Database>,
  agencyId: string,
  locationId: string | null,
  now: Date,
  purpose: InstallPurpose = 'locations',
): Promise<void> {
  await tx
    .updateTable('installs')
    .set({ status: 'uninstalled', status_reason: 'uninstalled-in-ghl', updated_at: now })
    .where('agency_id', '=', agencyId)
    .where('location_id', locationId === null ? 'is' : '=', locationId)
    .where('purpose', '=', purpose)
    .execute();
}

/** The gateway's memory of tokens, in Postgres: every process shares it, and no lock outlives a call. */
export function createTokenStore(db: Kysely<Database>, keys: KeyProvider) {
  const inAgency = <T>(agencyId: string, work: (tx: Transaction<Database>) => Promise<T>): Promise<T> =>
    withScope(db, { agencyId }, work);
  return {
    async findInstall(owner: InstallOwner): Promise<OpenedInstall | undefined> {
      const { agencyId, locationId, purpose = 'locations' } = owner;
      const find = (tx: Transaction<Database>) =>
        tx
          .selectFrom('installs')
          .selectAll()
          .where('agency_id', '=', agencyId)
          .where('location_id', locationId === undefined ? 'is' : '=', locationId ?? null)
          .where('purpose', '=', purpose)
          .executeTakeFirst();
      const row = await withScope(db, { agencyId }, find, 'one statement');
      return row && openInstall(keys, row);
    },

    async tryLeaseRefresh(install: InstallRef, owner: string, leaseMs: number, now: Date): Promise<boolean> {
      const result = await inAgency(install.agencyId, (tx) =>
        tx
          .updateTable('installs')
          .set({ lease_owner: owner, lease_until: new Date(now.getTime() + leaseMs) })
          .where('id', '=', install.installId)
          .where((where) =>
            where.or([
              where('lease_until', 'is', null),
              where('lease_until', '<', now),
              where('lease_owner', '=', owner),
            ]),
          )
          .executeTakeFirst(),
      );
      return result.numUpdatedRows === 1n;
    },

    async releaseRefresh(install: InstallRef, owner: string): Promise<void> {
      await inAgency(install.agencyId, (tx) =>
        tx
          .updateTable('installs')
          .set({ lease_owner: null, lease_until: null })
          .where('id', '=', install.installId)
          .where('lease_owner', '=', owner)
          .execute(),
      );
    },

    async saveTokens(
      install: InstallRef,
      expectedTokenVersion: number,
      tokens: InstallTokens,
      now: Date,
    ): Promise<boolean> {
      return inAgency(install.agencyId, async (tx) => {
        const owner = await tx
          .selectFrom('installs')
          .select(['id', 'agency_id', 'location_id', 'purpose', 'status'])
          .where('id', '=', install.installId)
          .executeTakeFirstOrThrow();
        const result = await tx
          .updateTable('installs')
          .set({
            ...sealTokens(keys, owner, tokens),
            status: 'active',
            status_reason: null,
            paused_until: null,
            token_version: expectedTokenVersion + 1,
            updated_at: now,
          })
          .where('id', '=', install.installId)
          .where('token_version', '=', expectedTokenVersion)
          // Uninstalled while the refresh was under way: it stays so.
          .where('status', '<>', 'uninstalled')
          .executeTakeFirst();
        const isSaved = result.numUpdatedRows === 1n;
        if (isSaved && owner.status !== 'active') await settleDeadInstall(tx, owner, now);
        return isSaved;
      });
    },

    async saveLocationInstall(
      location: { agencyId: string; locationId: string; tokens: InstallTokens; replaces: number | null },
      now: Date,
    ): Promise<OpenedInstall | undefined> {
      const { agencyId, locationId, tokens, replaces } = location;
      const change = activeColumns(keys, { agencyId, locationId, kind: 'oauth', userType: 'Location', ...tokens }, now);
      const row = await inAgency(agencyId, async (tx) => {
        const saved = await saveForLocation(tx);
        if (saved) await settleDeadInstall(tx, saved, now);
        return saved;
      });
      return row && openInstall(keys, row);

      async function saveForLocation(tx: Transaction<Database>) {
        // Held until the token is stored: an UNINSTALL comes before this, and is seen, or after it, and sees the token.
        const place = await tx
          .selectFrom('locations')
          .select('installed_at')
          .where('id', '=', locationId)
          .forShare()
          .executeTakeFirst();
        if (!place?.installed_at) return undefined;
        const owner = { agency_id: agencyId, location_id: locationId };
        if (replaces === null) {
          return tx
            .insertInto('installs')
            .values({ id: uuidv7(), ...owner, ...change, installed_at: now })
            .onConflict((conflict) => conflict.doNothing())
            .returningAll()
            .executeTakeFirst();
        }
        return tx
          .updateTable('installs')
          .set({ ...change, token_version: replaces + 1 })
          .where('location_id', '=', locationId)
          .where('token_version', '=', replaces)
          .where('status', '<>', 'uninstalled')
          .returningAll()
          .executeTakeFirst();
      }
    },

    async markNeedsReauth(install: InstallRef & { tokenVersion: number }, reason: string, now: Date): Promise<void> {
      await inAgency(install.agencyId, async (tx) => {
        const marked = await tx
          .updateTable('installs')
          .set({ status: 'needs_reauth', status_reason: reason, updated_at: now })
          .where('id', '=', install.installId)
          .where('status', '=', 'active')
          // Somebody may have connected it again meanwhile.
          .where('token_version', '=', install.tokenVersion)
          .returning(['id', 'agency_id', 'location_id', 'purpose'])
          .executeTakeFirst();
        if (marked) await reportDeadInstall(tx, marked, reason);
      });
    },

    async pauseInstall(install: InstallRef, reason: string, until: Date): Promise<void> {
      await inAgency(install.agencyId, (tx) =>
        tx
          .updateTable('installs')
          .set({ status_reason: reason, paused_until: until })
          .where('id', '=', install.installId)
          .execute(),
      );
    },
  };
}

import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { createTokenStore, markUninstalled, type OpenedInstall, saveInstall } from '../../db/installs.ts';
import { withScope } from '../../db/scope.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { waitForLock } from '../stack/wait-for-lock.ts';
import { plantTenant, type Tenant } from './plant-tenant.ts';

const keys = parseKeyRing(`1:${randomBytes(32).toString('base64')}`);
const now = new Date('2026-01-01T00:00:00Z');
const later = (ms: number): Date => new Date(now.getTime() + ms);

let database: TestDatabase;
let tenant: Tenant;
let other: Tenant;
let install: OpenedInstall;
let store: ReturnType<typeof createTokenStore>;
beforeAll(async () => {
  database = await createTestDatabase();
  store = createTokenStore(database.db, keys);
  tenant = await plantTenant(database.ownerDb, 'tenant');
  other = await plantTenant(database.ownerDb, 'other');
});
afterAll(() => database.drop());

const tokens = (accessToken: string) => ({
  accessToken,
  refreshToken: `${accessToken}-refresh`,
  expiresAt: later(86_400_000),
  scopes: ['a'],
});
const connect = (accessToken: string) =>
  withScope(database.db, { agencyId: tenant.agencyId }, (tx) =>
    saveInstall(
      tx,
      keys,
      {
        agencyId: tenant.agencyId,
        locationId: tenant.farId,
        kind: 'oauth',
        userType: 'Location',
        ...tokens(accessToken),
      },
      now,
    ),
  );
const find = async (): Promise<OpenedInstall> =>
  (await store.findInstall({ agencyId: tenant.agencyId, locationId: tenant.farId }))!;
beforeEach(async () => {
  await database.ownerDb.deleteFrom('installs').where('location_id', '=', tenant.farId).execute();
  install = await connect('first');
});

describe('the token store', () => {
  it('gives back what was saved, and stores none of it in the clear', async () => {
    expect(await find()).toMatchObject({
      accessToken: 'first',
      refreshToken: 'first-refresh',
      tokenVersion: 1,
      status: 'active',
    });
    const row = await database.ownerDb
      .selectFrom('installs')
      .selectAll()
      .where('id', '=', install.installId)
      .executeTakeFirstOrThrow();
    expect(Buffer.concat([row.access_token, row.refresh_token!]).includes('first')).toBe(false);
  });

  it('finds the company’s install and none for a location that has none, or is another agency’s', async () => {
    const { agencyId } = tenant;
    expect(await store.findInstall({ agencyId })).toBeUndefined();
    expect(await store.findInstall({ agencyId, locationId: tenant.masterId })).toBeUndefined();
    expect(await store.findInstall({ agencyId, locationId: other.nearId })).toBeUndefined();
  });

  it('does not open a token that was copied to another tenant’s row', async () => {
    const { access_token } = await database.ownerDb
      .selectFrom('installs')
      .select('access_token')
      .where('id', '=', install.installId)
      .executeTakeFirstOrThrow();
    await database.ownerDb.updateTable('installs').set({ access_token }).where('id', '=', other.installId).execute();
    await expect(store.findInstall({ agencyId: other.agencyId, locationId: other.nearId })).rejects.toThrow(
      'does not open',
    );
  });

  it('lets one of several save the tokens that follow a version', async () => {
    const saved = await Promise.all(
      Array.from({ length: 8 }, (_, turn) => store.saveTokens(install, 1, tokens(`turn-${turn}`), now)),
    );
    expect(saved.filter(Boolean)).toHaveLength(1);
    expect(await find()).toMatchObject({ accessToken: `turn-${saved.indexOf(true)}`, tokenVersion: 2 });
    expect(await store.saveTokens(install, 1, tokens('late'), now)).toBe(false);
    expect(await store.saveTokens(install, 2, tokens('next'), now)).toBe(true);
  });

  it('leases the refresh to one, until it is given back or its time is over', async () => {
    const leased = await Promise.all(
      Array.from({ length: 8 }, (_, turn) => store.tryLeaseRefresh(install, `p${turn}`, 10_000, now)),
    );
    expect(leased.filter(Boolean)).toHaveLength(1);
    const holder = `p${leased.indexOf(true)}`;
    expect(await store.tryLeaseRefresh(install, 'x', 10_000, later(9_000))).toBe(false);
    expect(await store.tryLeaseRefresh(install, holder, 10_000, later(9_000))).toBe(true);
    await store.releaseRefresh(install, 'x');
    expect(await store.tryLeaseRefresh(install, 'x', 10_000, later(10_000))).toBe(false);
    await store.releaseRefresh(install, holder);
    expect(await store.tryLeaseRefresh(install, 'x', 10_000, later(10_000))).toBe(true);
    expect(await store.tryLeaseRefresh(install, 'y', 10_000, later(20_001))).toBe(true);
  });

  it('stays uninstalled though a refresh was under way', async () => {
    const { agencyId } = tenant;
    await withScope(database.db, { agencyId }, (tx) => markUninstalled(tx, agencyId, tenant.farId, now));
    expect(await store.saveTokens(install, 1, tokens('late'), now)).toBe(false);
    expect(await find()).toMatchObject({ status: 'uninstalled', accessToken: 'first' });
    expect(await connect('again')).toMatchObject({ status: 'active', tokenVersion: 2 });
  });

  it('marks what GHL refuses, but not what was connected again meanwhile or is uninstalled', async () => {
    const { agencyId } = tenant;
    await connect('second');
    await store.markNeedsReauth(install, 'invalid_grant', now);
    expect(await find()).toMatchObject({ status: 'active' });
    await store.markNeedsReauth(await find(), 'invalid_grant', now);
    expect(await find()).toMatchObject({ status: 'needs_reauth' });
    await withScope(database.db, { agencyId }, (tx) => markUninstalled(tx, agencyId, tenant.farId, now));
    await store.markNeedsReauth(await find(), 'invalid_grant', now);
    expect(await find()).toMatchObject({ status: 'uninstalled' });
  });

  it('pauses a location until then, and connecting it again ends the pause', async () => {
    await store.pauseInstall(install, 'location-inactive', later(60_000));
    expect(await find()).toMatchObject({ status: 'active', pausedUntil: later(60_000) });
    expect(await connect('second')).toMatchObject({ pausedUntil: null });
  });
});

describe('a location’s token that was asked for', () => {
  const place = () => ({ agencyId: tenant.agencyId, locationId: tenant.farId, tokens: tokens('minted') });
  const setInstalled = (installedAt: Date | null) =>
    database.ownerDb
      .updateTable('locations')
      .set({ installed_at: installedAt })
      .where('id', '=', tenant.farId)
      .execute();
  beforeEach(() => setInstalled(now));

  it('replaces the one it was asked for instead of, and no other', async () => {
    expect(await store.saveLocationInstall({ ...place(), replaces: 1 }, later(1))).toMatchObject({ tokenVersion: 2 });
    expect(await store.saveLocationInstall({ ...place(), replaces: 1 }, later(2))).toBeUndefined();
    expect(await store.saveLocationInstall({ ...place(), replaces: null }, later(3))).toBeUndefined();
    expect(await find()).toMatchObject({ accessToken: 'minted', tokenVersion: 2 });
  });

  it('is not stored for an install that was ended, nor where the app is not installed', async () => {
    await withScope(database.db, { agencyId: tenant.agencyId }, (tx) =>
      markUninstalled(tx, tenant.agencyId, tenant.farId, later(1)),
    );
    expect(await store.saveLocationInstall({ ...place(), replaces: 1 }, later(2))).toBeUndefined();
    await database.ownerDb.deleteFrom('installs').where('location_id', '=', tenant.farId).execute();
    await setInstalled(null);
    expect(await store.saveLocationInstall({ ...place(), replaces: null }, later(3))).toBeUndefined();
    expect(await store.findInstall(place())).toBeUndefined();
  });

  it('waits for an UNINSTALL that is being applied, and is not stored then', async () => {
    await database.ownerDb.deleteFrom('installs').where('location_id', '=', tenant.farId).execute();
    let saving: Promise<OpenedInstall | undefined> | undefined;
    await database.ownerDb.transaction().execute(async (uninstalling) => {
      await uninstalling.updateTable('locations').set({ installed_at: null }).where('id', '=', tenant.farId).execute();
      saving = store.saveLocationInstall({ ...place(), replaces: null }, later(1));
      await waitForLock(database);
    });
    expect(await saving).toBeUndefined();
    expect(await store.findInstall(place())).toBeUndefined();
  });
});

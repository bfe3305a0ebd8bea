import { type Transaction, sql } from 'kysely';
import { runKeepingPlan } from './kept-plans.ts';
import type { Database } from './schema.ts';
import type { LocationKind } from './schema/tenants.ts';

/** What intake must know of the account an event came from. */
export interface IntakeAccount {
  agencyId: string;
  locationId: string;
  kind: LocationKind;
  isIntake: boolean;
  liveAt: Date | null;
}

/** Whose GHL locations are, by their ids in GHL. Needs the intake role: the answer is what scopes are made from. */
export async function listAccountsOfGhlLocations(
  tx: Transaction<Database>,
  ghlLocationIds: readonly string[],
): Promise<Map<string, IntakeAccount>> {
  if (ghlLocationIds.length === 0) return new Map();
  const query = sql<IntakeAccount & { ghlLocationId: string }>`
    select ghl_location_id as "ghlLocationId", agency_id as "agencyId", id as "locationId", kind, is_intake as "isIntake",
      live_at as "liveAt"
    from locations where ghl_location_id = any(${ghlLocationIds}::text[])
  `;
  const found = await runKeepingPlan(tx, query);
  return new Map(found.rows.map(({ ghlLocationId, ...account }) => [ghlLocationId, account]));
}

/** The account a credential of ours names, for leads that come by the API. Needs the intake role. */
export async function findIntakeAccount(
  tx: Transaction<Database>,
  agencyId: string,
  locationId: string | null,
): Promise<IntakeAccount | undefined> {
  return tx
    .selectFrom('locations')
    .select(['agency_id as agencyId', 'id as locationId', 'kind', 'is_intake as isIntake', 'live_at as liveAt'])
    .where('agency_id', '=', agencyId)
    .where((where) => (locationId === null ? where('kind', '=', 'master') : where('id', '=', locationId)))
    .executeTakeFirst();
}

/** An account of an agency with its id in GHL; undefined where it or its agency has none there. Needs the agency's scope. */
export async function findConnectedAccount(
  tx: Transaction<Database>,
  agencyId: string,
  locationId: string,
): Promise<(IntakeAccount & { ghlLocationId: string }) | undefined> {
  const found = await sql<IntakeAccount & { ghlLocationId: string }>`
    select l.ghl_location_id as "ghlLocationId", l.agency_id as "agencyId", l.id as "locationId", l.kind,
      l.is_intake as "isIntake", l.live_at as "liveAt"
    from locations l join agencies g on g.id = l.agency_id
    where l.id = ${locationId} and l.agency_id = ${agencyId}
      and coalesce(l.ghl_location_id, '') <> '' and coalesce(g.ghl_company_id, '') <> ''
  `.execute(tx);
  return found.rows[0];
}

/** The agencies of GHL companies, by the companies' ids. Needs the intake role. */
export async function listAgenciesOfGhlCompanies(
  tx: Transaction<Database>,
  ghlCompanyIds: readonly string[],
): Promise<Map<string, string>> {
  if (ghlCompanyIds.length === 0) return new Map();
  const found = await sql<{ ghlCompanyId: string; agencyId: string }>`
    select ghl_company_id as "ghlCompanyId", id as "agencyId" from agencies
    where ghl_company_id = any(${ghlCompanyIds}::text[])
  `.execute(tx);
  return new Map(found.rows.map(({ ghlCompanyId, agencyId }) => [ghlCompanyId, agencyId]));
}

/** Notes that an account spoke, for the alert on silence; at most once a minute, so that a storm does not rewrite one row. */
export async function touchAccount(tx: Transaction<Database>, locationId: string, now: Date): Promise<void> {
  await tx
    .updateTable('locations')
    .set({ last_event_at: now })
    .where('id', '=', locationId)
    .where((where) =>
      where.or([where('last_event_at', 'is', null), where('last_event_at', '<', new Date(now.getTime() - 60_000))]),
    )
    .execute();
}

import type { Transaction } from 'kysely';
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

/** Whose a GHL location is. Needs the intake role: the answer is what the scope is made from. */
export async function findAccountOfGhlLocation(
  tx: Transaction<Database>,
  ghlLocationId: string,
): Promise<IntakeAccount | undefined> {
  return tx
    .selectFrom('locations')
    .select(['agency_id as agencyId', 'id as locationId', 'kind', 'is_intake as isIntake', 'live_at as liveAt'])
    .where('ghl_location_id', '=', ghlLocationId)
    .executeTakeFirst();
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

/** The agency of a GHL company. Needs the intake role. */
export async function findAgencyOfGhlCompany(
  tx: Transaction<Database>,
  ghlCompanyId: string,
): Promise<string | undefined> {
  const found = await tx
    .selectFrom('agencies')
    .select('id')
    .where('ghl_company_id', '=', ghlCompanyId)
    .executeTakeFirst();
  return found?.id;
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

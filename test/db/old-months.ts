import { sql } from 'kysely';
import { listMonthPartitions } from '../../db/partitions.ts';
import type { TestDatabase } from '../stack/database.ts';

/** Long over by every setting. */
export const OLD_MONTH = '2024-01-01';
export const OLD_DAY = new Date('2024-01-10T00:00:00Z');

/** Makes a month of long ago, as if it had been made then, in every table by month. */
export async function makeOldMonth({ ownerDb }: TestDatabase, month = OLD_MONTH): Promise<void> {
  await sql`select ensure_month_partitions(${month}::date, 1)`.execute(ownerDb);
}

/** The months of a table that are there, first days. */
export async function monthsOf({ ownerDb }: TestDatabase, table: string): Promise<string[]> {
  const all = await ownerDb.transaction().execute((tx) => listMonthPartitions(tx));
  return all.flatMap((each) => (each.table === table ? [each.month] : []));
}

/** Moves all that a tenant's lead has in tables by month to long ago, with what waits for it. */
export async function ageTenant({ ownerDb }: TestDatabase, agencyId: string, to = OLD_DAY): Promise<void> {
  await sql`update events set received_at = ${to} where agency_id = ${agencyId}`.execute(ownerDb);
  await sql`update leads set event_received_at = ${to}, received_at = ${to} where agency_id = ${agencyId}`.execute(
    ownerDb,
  );
  await sql`update event_capabilities set created_at = ${to} where agency_id = ${agencyId}`.execute(ownerDb);
  await sql`update decisions set decided_at = ${to} where agency_id = ${agencyId}`.execute(ownerDb);
  await sql`update lead_timeline set at = ${to} where agency_id = ${agencyId}`.execute(ownerDb);
}

/** Ends a tenant's leads and hands over its work. */
export async function endTenant({ ownerDb }: TestDatabase, agencyId: string): Promise<void> {
  await sql`update leads set state = 'closed', closed_at = now() where agency_id = ${agencyId}`.execute(ownerDb);
  await sql`update event_capabilities set state = 'started' where agency_id = ${agencyId}`.execute(ownerDb);
}

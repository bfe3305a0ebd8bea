import { type Transaction, sql } from 'kysely';
import type { Database } from './schema.ts';

/**
 * Takes the raw bodies out of events that are older than `days` and whose lead, if they made one, has been read. Safe to
 * repeat. Needs the upkeep role.
 * @returns how many were trimmed
 */
export async function trimEventBodies(tx: Transaction<Database>, days: number): Promise<number> {
  const result = await sql`
    update events set body = null
    where body is not null and received_at < now() - make_interval(days => ${days})
      and not exists (select from leads where leads.event_row_id = events.id and leads.state = 'received')
  `.execute(tx);
  return Number(result.numAffectedRows ?? 0n);
}

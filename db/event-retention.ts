import { type Transaction, sql } from 'kysely';
import type { Database } from './schema.ts';

/** Small enough to end well within a query's time. */
const ROWS_AT_ONCE = 5_000;

/**
 * Takes the raw bodies out of events that are older than `days`, unless a lead they made has not been read or a workflow
 * has not been handed them. Safe to repeat. Needs the upkeep role.
 * @returns how many were trimmed; none when all is done
 */
export async function trimEventBodies(tx: Transaction<Database>, days: number): Promise<number> {
  const result = await sql`
    update events set body = null where (received_at, id) in (
      select received_at, id from events
      where body is not null and received_at < now() - make_interval(days => ${days})
      and not exists (select from leads where leads.event_row_id = events.id and leads.state = 'received')
      and not exists (select from event_capabilities waiting
        where waiting.cause_id = events.id and waiting.state = 'pending')
      limit ${ROWS_AT_ONCE})
  `.execute(tx);
  return Number(result.numAffectedRows ?? 0n);
}

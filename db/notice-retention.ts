import { type Transaction, sql } from 'kysely';
import type { Database } from './schema.ts';

/** Small enough to end well within a query's time. */
const ROWS_AT_ONCE = 5_000;

/**
 * Takes deliveries away that ended more than `days` ago, and their addresses with them. The notices stay: no other
 * deliveries are made for one. Safe to repeat. Needs the upkeep role.
 * @returns how many went; none when all is done
 */
export async function dropOldDeliveries(tx: Transaction<Database>, days: number): Promise<number> {
  const result = await sql`
    delete from notice_deliveries where id in (
      select id from notice_deliveries where ended_at < now() - make_interval(days => ${days}::int) limit ${ROWS_AT_ONCE})
  `.execute(tx);
  return Number(result.numAffectedRows ?? 0n);
}

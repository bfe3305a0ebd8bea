import { type Transaction, sql } from 'kysely';
import type { Database } from './schema.ts';

/**
 * Makes the monthly partitions from this month on that are not there yet. Safe to repeat. Needs the upkeep role.
 * @returns how many were made
 */
export async function ensureMonthPartitions(tx: Transaction<Database>, monthsAhead: number): Promise<number> {
  const made = await sql<{ made: number }>`
    select ensure_month_partitions(current_date, ${monthsAhead}::int) as made
  `.execute(tx);
  return made.rows[0]?.made ?? 0;
}

import { type Transaction, sql } from 'kysely';
import type { MonthlyTable } from '../domain/retention.ts';
import type { Database } from './schema.ts';

/**
 * Makes the monthly partitions from this month of UTC on that are not there yet. Safe to repeat. Needs the upkeep role.
 * @returns how many were made
 */
export async function ensureMonthPartitions(tx: Transaction<Database>, monthsAhead: number): Promise<number> {
  const made = await sql<{ made: number }>`
    select ensure_month_partitions((now() at time zone 'UTC')::date, ${monthsAhead}::int) as made
  `.execute(tx);
  return made.rows[0]?.made ?? 0;
}

/** A month of a table. */
export interface MonthPartition {
  table: string;
  /** Its first day, `2026-11-01`. */
  month: string;
  /** As the planner counted last; 0 where it never has. */
  rows: number;
  bytes: number;
}

/** The monthly partitions that are there, the oldest first; what is older than all months stands elsewhere. For any role. */
export async function listMonthPartitions(tx: Transaction<Database>): Promise<MonthPartition[]> {
  const found = await sql<MonthPartition>`
    select parent.relname as "table", replace(right(leaf.relname, 7), '_', '-') || '-01' as month,
      greatest(leaf.reltuples, 0)::float8 as rows, pg_total_relation_size(leaf.oid)::float8 as bytes
    from pg_inherits i
    join pg_class parent on parent.oid = i.inhparent and parent.relkind = 'p'
    join pg_class leaf on leaf.oid = i.inhrelid and leaf.relname ~ ('^' || parent.relname || '_[0-9]{4}_[0-9]{2}$')
    where parent.relnamespace = 'public'::regnamespace
    order by leaf.relname
  `.execute(tx);
  return found.rows;
}

/** held: it has what is not over yet, or the audit chain needs it. gone: somebody was faster. */
export type DropOutcome = 'dropped' | 'held' | 'gone';

/**
 * Drops a month of a table. Safe to repeat; of two at once one does it. Needs the upkeep role.
 * @param month its first day
 * @throws what Postgres raises for a table whose months are kept and for a month that is too young; and 55P03 when the
 *   table is in use for seconds, so that nobody waits behind the drop
 */
export async function dropMonthPartition(
  tx: Transaction<Database>,
  table: MonthlyTable,
  month: string,
): Promise<DropOutcome> {
  const found = await sql<{ outcome: DropOutcome }>`
    select drop_month_partition(${table}, ${month}::date) as outcome
  `.execute(tx);
  return found.rows[0]!.outcome;
}

/** Before when a table has lost what it had; undefined while nothing was dropped. For the roles app and upkeep. */
export async function findDroppedBefore(tx: Transaction<Database>, table: MonthlyTable): Promise<Date | undefined> {
  const found = await tx
    .selectFrom('dropped_months')
    .select('before')
    .where('table_name', '=', table)
    .executeTakeFirst();
  return found?.before;
}

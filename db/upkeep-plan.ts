import { sql, type Transaction } from 'kysely';
import {
  judgeMonth,
  listTrims,
  MONTHLY,
  type MonthlyTable,
  type Retention,
  STALE,
  STALE_AFTER_SECONDS,
  type StaleKind,
  type TrimKind,
} from '../domain/retention.ts';
import { countOldRows } from './old-rows.ts';
import { listMonthPartitions, type MonthPartition } from './partitions.ts';
import type { Database } from './schema.ts';

export interface DueMonth extends MonthPartition {
  table: MonthlyTable;
}

const isMonthly = (name: string): name is MonthlyTable => MONTHLY.some((each) => each === name);

/** The time by which things are past theirs: the database's, for a process whose own clock runs ahead must not drop what is young. */
export async function readClock(tx: Transaction<Database>): Promise<Date> {
  const found = await sql<{ now: Date }>`select now() as now`.execute(tx);
  return found.rows[0]!.now;
}

/** The months whose time is over, the oldest first. Some of what is listed may be held by what is not over yet. For any role. */
export async function listDueMonths(
  tx: Transaction<Database>,
  keep: Retention['months'],
  now: Date,
): Promise<DueMonth[]> {
  const all = await listMonthPartitions(tx);
  return all.flatMap((each) => {
    const { table } = each;
    return isMonthly(table) && judgeMonth(each.month, keep[table], now).isOver ? [{ ...each, table }] : [];
  });
}

/** How many rows of each kind wait to be taken; kinds that have none are left out. Needs the upkeep role. */
export async function countDueRows(
  tx: Transaction<Database>,
  days: Retention['days'],
): Promise<{ kind: TrimKind | StaleKind; rows: number }[]> {
  const stale = STALE.map((kind) => ({ kind, seconds: STALE_AFTER_SECONDS[kind] }));
  const due = [];
  for (const { kind, seconds } of [...stale, ...listTrims(days)]) {
    const rows = await countOldRows(tx, kind, seconds);
    if (rows > 0) due.push({ kind, rows });
  }
  return due;
}

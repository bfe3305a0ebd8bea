import type { Kysely } from 'kysely';
import type { Config } from '../../config.ts';
import type { Database } from '../../db/schema.ts';
import { withSystemRole } from '../../db/scope.ts';
import { countDueRows, listDueMonths, readClock } from '../../db/upkeep-plan.ts';
import { formatTable } from '../output.ts';

/** What a run would do now: months whose time is over, though some may be held by what is not over, and old rows. */
export async function findDue(db: Kysely<Database>, config: Config) {
  return withSystemRole(db, 'upkeep', async (tx) => ({
    months: await listDueMonths(tx, config.RETENTION_MONTHS, await readClock(tx)),
    rows: await countDueRows(tx, config.RETENTION_DAYS),
  }));
}

const MEBIBYTE = 1_048_576;

export function describeDue({ months, rows }: Awaited<ReturnType<typeof findDue>>): string {
  const old = formatTable(
    ['rows to take', 'how many'],
    rows.map((each) => [each.kind, each.rows]),
    'No rows are past their time.',
  );
  const over = formatTable(
    ['months to drop', 'of', 'rows, about', 'MiB'],
    months.map(({ month, table, rows: many, bytes }) => [
      month.slice(0, 7),
      table,
      many,
      (bytes / MEBIBYTE).toFixed(1),
    ]),
    'No month is past its time.',
  );
  return `${old}\n\n${over}`;
}

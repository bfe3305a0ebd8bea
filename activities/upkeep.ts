import { Context, log } from '@temporalio/activity';
import { audit, PLATFORM } from '../db/audit-log.ts';
import { ROWS_AT_ONCE, takeOldRows } from '../db/old-rows.ts';
import { dropMonthPartition, type DropOutcome, ensureMonthPartitions } from '../db/partitions.ts';
import { withSystemRole } from '../db/scope.ts';
import { addUpkeepFigure } from '../db/upkeep-figures.ts';
import { listDueMonths, readClock } from '../db/upkeep-plan.ts';
import {
  listTrims,
  type MonthlyTable,
  MONTHS_AHEAD,
  type Retention,
  STALE,
  STALE_AFTER_SECONDS,
  type StaleKind,
  type TrimKind,
} from '../domain/retention.ts';
import type { StoreDeps } from './dependencies.ts';
import { mapStoreFailures } from './store-failure.ts';

export interface MonthRef {
  table: MonthlyTable;
  /** Its first day, `2026-11-01`. */
  month: string;
}

export interface OldRowsRef {
  step: 'trimmed' | 'closed';
  kind: TrimKind | StaleKind;
  /** Older ones are taken. */
  seconds: number;
}

/** What one run has to do, in this order. */
export interface UpkeepPlan {
  rows: OldRowsRef[];
  months: MonthRef[];
}

/** The steps of upkeep. Each sees all tenants, by the role that may do this and nothing else. */
export function createUpkeepActivities({ db, retention }: Pick<StoreDeps, 'db'> & { retention: Retention }) {
  /** Makes the months ahead. Repeatable: what is there is left alone. @returns how many were made */
  async function makePartitions(): Promise<number> {
    return withSystemRole(db, 'upkeep', async (tx) => {
      const made = await ensureMonthPartitions(tx, MONTHS_AHEAD);
      await addUpkeepFigure(tx, { step: 'made', kind: 'months', done: made });
      return made;
    });
  }

  /** What is to be done by the settings of now. Repeatable: it reads. */
  async function planUpkeep(): Promise<UpkeepPlan> {
    const months = await withSystemRole(db, 'upkeep', async (tx) =>
      listDueMonths(tx, retention.months, await readClock(tx)),
    );
    // What is half-way is ended first: rows are forgotten when they have an end.
    const closed = STALE.map((kind) => ({ step: 'closed' as const, kind, seconds: STALE_AFTER_SECONDS[kind] }));
    const trimmed = listTrims(retention.days).map((each) => ({ step: 'trimmed' as const, ...each }));
    return { rows: [...closed, ...trimmed], months };
  }

  /** Does away with old rows of one kind, a few in each transaction. Repeatable: what is gone is not found again. @returns how many */
  async function removeOldRows({ step, kind, seconds }: OldRowsRef): Promise<number> {
    const context = Context.current();
    let all = 0;
    for (;;) {
      const some = await withSystemRole(db, 'upkeep', async (tx) => {
        const done = await takeOldRows(tx, kind, seconds);
        await addUpkeepFigure(tx, { step, kind, done });
        return done;
      });
      all += some;
      if (some < ROWS_AT_ONCE) break;
      context.heartbeat(all);
      context.cancellationSignal.throwIfAborted();
    }
    if (all > 0) log.info('old rows are gone', { step, kind, rows: all });
    return all;
  }

  /**
   * Drops a month of a table, unless it holds what is not over. Repeatable: a month that is gone is gone. The audit log of
   * the operators has it, by the same transaction: no month goes without a word.
   */
  async function dropMonth({ table, month }: MonthRef): Promise<DropOutcome> {
    const outcome = await withSystemRole(db, 'upkeep', async (tx) => {
      const done = await dropMonthPartition(tx, table, month);
      await addUpkeepFigure(tx, { step: 'dropped', kind: table, done: done === 'dropped' ? 1 : 0 });
      const act = { actor: 'upkeep', origin: 'workflow', action: 'month.drop', subject: `month:${table}/${month}` };
      if (done === 'dropped') await audit(tx, { ...act, agencyId: PLATFORM });
      return done;
    });
    log.info('a month is over', { table, month, outcome });
    return outcome;
  }

  /** Notes that a run has done all its steps. Repeatable: it counts runs, and one that is counted twice harms nobody. */
  async function finishUpkeep(): Promise<void> {
    await withSystemRole(db, 'upkeep', (tx) => addUpkeepFigure(tx, { step: 'run', kind: 'done', done: 1 }));
  }

  return mapStoreFailures({ makePartitions, planUpkeep, removeOldRows, dropMonth, finishUpkeep });
}

export type UpkeepActivities = ReturnType<typeof createUpkeepActivities>;

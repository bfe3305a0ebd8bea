import { ApplicationFailure, proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { UpkeepActivities, UpkeepPlan } from '../activities/upkeep.ts';
import { failureCode, isStepFailure } from './step-failure.ts';

/** What a run has done, by kind; what had nothing to do is not named. */
export interface UpkeepReport {
  made: number;
  rows: Record<string, number>;
  dropped: string[];
  /** Months that are over and hold what is not. */
  held: string[];
}

/** The schedule comes again: a step that fails for so long waits for it. */
const store = proxyActivities<UpkeepActivities>({
  startToCloseTimeout: '1 hour',
  scheduleToCloseTimeout: '1 hour',
  heartbeatTimeout: '1 minute',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

/**
 * Makes the months to come, ends what a dead process left half-way, and does away with what is past its time. A step that
 * fails keeps no other back; the run fails in the end, so that it does not count as done.
 */
export async function upkeep(): Promise<UpkeepReport> {
  const report: UpkeepReport = { made: 0, rows: {}, dropped: [], held: [] };
  const failed: string[] = [];
  async function attempt<T>(name: string, step: () => Promise<T>): Promise<T | undefined> {
    setCurrentDetails(name);
    try {
      return await step();
    } catch (error) {
      if (!isStepFailure(error)) throw error;
      failed.push(`${name}: ${failureCode(error)}`);
      return undefined;
    }
  }

  report.made = (await attempt('months ahead', () => store.makePartitions())) ?? 0;
  const plan: UpkeepPlan | undefined = await attempt('plan', () => store.planUpkeep());
  for (const rows of plan?.rows ?? []) {
    const done = await attempt(rows.kind, () => store.removeOldRows(rows));
    if (done !== undefined && done > 0) report.rows[rows.kind] = done;
  }
  for (const { table, month } of plan?.months ?? []) {
    const name = `${table} of ${month}`;
    const outcome = await attempt(name, () => store.dropMonth({ table, month }));
    if (outcome === 'dropped') report.dropped.push(name);
    if (outcome === 'held') report.held.push(name);
  }
  if (failed.length > 0) {
    throw ApplicationFailure.nonRetryable(`upkeep could not do: ${failed.join('; ')}`, 'UpkeepIncomplete', report);
  }
  await store.finishUpkeep();
  return report;
}

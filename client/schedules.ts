import { type Client, type ScheduleOptions, ScheduleAlreadyRunning } from '@temporalio/client';

/** A start against a dead Temporal hangs for 18 s (measured) without one; a schedule may take two calls. */
export const START_DEADLINE_MS = 1_500;
export const SCHEDULE_DEADLINE_MS = 5_000;

/** Does a call within a deadline. */
export type Within = <T>(deadlineMs: number, call: () => Promise<T>) => Promise<T>;

/** A schedule that starts a workflow, as this code wants it. */
type WantedSchedule = Pick<ScheduleOptions, 'spec' | 'policies' | 'action'>;

/**
 * Makes a schedule, or brings the one that is there to what is wanted. Safe to repeat.
 * @param options.atOnce starts its workflow when it is made, too
 */
export async function ensureSchedule(
  client: Client,
  scheduleId: string,
  wanted: WantedSchedule,
  { atOnce = false } = {},
): Promise<void> {
  try {
    await client.schedule.create({ scheduleId, ...wanted, state: { triggerImmediately: atOnce } });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    // What an operator has set, such as a pause, stays.
    await client.schedule.getHandle(scheduleId).update(({ state }) => ({ ...wanted, state }));
  }
}

import { type Client, type ScheduleOptions, ScheduleAlreadyRunning } from '@temporalio/client';

/** A schedule that starts a workflow, as this code wants it. */
export type WantedSchedule = Pick<ScheduleOptions, 'spec' | 'policies' | 'action'>;

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

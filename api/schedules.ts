import type { Logger } from 'pino';
import type { SwitchyardClient } from '../client.ts';
import { describeError } from './error-description.ts';
import { createRounds, type Rounds } from './rounds.ts';

/** Temporal may be away at the start, and somebody may delete a schedule. */
const CHECK_EVERY_MS = 5 * 60_000;
const RETRY_MS = 5_000;

export type ScheduleClient = Pick<SwitchyardClient, 'ensurePollSchedule' | 'ensureUpkeepSchedule'>;

/** Sees to it that the schedules of polling and of upkeep are there and as this code wants them. */
export function createScheduleKeeper({ client, logger }: { client: ScheduleClient; logger: Logger }): Rounds {
  let checkedAt = -Infinity;
  async function ensure(): Promise<void> {
    if (performance.now() - checkedAt < CHECK_EVERY_MS) return;
    await Promise.all([client.ensurePollSchedule(), client.ensureUpkeepSchedule()]);
    checkedAt = performance.now();
  }
  return createRounds(RETRY_MS, ensure, (error) =>
    logger.warn({ error: describeError(error) }, 'the schedules could not be made'),
  );
}

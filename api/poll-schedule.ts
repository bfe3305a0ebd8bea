import type { Logger } from 'pino';
import type { SwitchyardClient } from '../client.ts';
import { describeError } from './error-description.ts';
import { createRounds, type Rounds } from './rounds.ts';

/** Temporal may be away at the start, and somebody may delete the schedule. */
const CHECK_EVERY_MS = 5 * 60_000;
const RETRY_MS = 5_000;

/** Sees to it that the schedule of polling is there and as this code wants it. */
export function createPollScheduleKeeper(deps: {
  client: Pick<SwitchyardClient, 'ensurePollSchedule'>;
  logger: Logger;
}): Rounds {
  const { client, logger } = deps;
  let checkedAt = -Infinity;
  async function ensure(): Promise<void> {
    if (performance.now() - checkedAt < CHECK_EVERY_MS) return;
    await client.ensurePollSchedule();
    checkedAt = performance.now();
  }
  return createRounds(RETRY_MS, ensure, (error) =>
    logger.warn({ error: describeError(error) }, 'the schedule of polling could not be made'),
  );
}

import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { ensureMonthPartitions } from '../db/partitions.ts';
import type { Database } from '../db/schema.ts';
import { withSystemRole } from '../db/scope.ts';
import { trimEventBodies } from '../db/event-retention.ts';
import { dropOldDeliveries } from '../db/notice-retention.ts';
import { forgetOldSecrets } from '../db/webhook-endpoints.ts';
import { describeError } from './error-description.ts';
import { createRounds, type Rounds } from './rounds.ts';

export interface Upkeep extends Rounds {
  run(): Promise<void>;
}

const EVERY_MS = 6 * 3_600_000;
const MONTHS_AHEAD = 12;
/** Raw bodies hold personal data; what the system has read of them stays. */
const BODY_DAYS = 30;
/** Deliveries of notices hold addresses; a dead letter of one is looked at long before. */
const DELIVERY_DAYS = 90;

/**
 * Makes partitions ahead of time, trims raw bodies and takes old deliveries of notices away after their days, and forgets
 * secrets whose time is over. Safe to repeat, and in several processes at once.
 */
export function createUpkeep({ db, logger }: { db: Kysely<Database>; logger: Logger }): Upkeep {
  async function run(): Promise<void> {
    const made = await withSystemRole(db, 'upkeep', (tx) => ensureMonthPartitions(tx, MONTHS_AHEAD));
    let trimmed = 0;
    const trimSome = () => withSystemRole(db, 'upkeep', (tx) => trimEventBodies(tx, BODY_DAYS));
    for (let batch = await trimSome(); batch > 0; batch = await trimSome()) trimmed += batch;
    let dropped = 0;
    const dropSome = () => withSystemRole(db, 'upkeep', (tx) => dropOldDeliveries(tx, DELIVERY_DAYS));
    for (let batch = await dropSome(); batch > 0; batch = await dropSome()) dropped += batch;
    const secretsForgotten = await withSystemRole(db, 'upkeep', (tx) => forgetOldSecrets(tx, new Date()));
    const done = { partitionsMade: made, bodiesTrimmed: trimmed, deliveriesDropped: dropped, secretsForgotten };
    if (made + trimmed + dropped + secretsForgotten > 0) logger.info(done, 'upkeep done');
  }

  const rounds = createRounds(EVERY_MS, run, (error) =>
    logger.error({ error: describeError(error), alert: 'upkeep-failed' }, 'upkeep failed'),
  );
  return { run, ...rounds };
}

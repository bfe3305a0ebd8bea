import type { Logger } from 'pino';
import { describeError } from './error-description.ts';
import { ProblemError } from './problem.ts';
import { isStorageAway } from '../db/storage-away.ts';

/**
 * Runs what takes something in. Whatever stops it becomes 429, never 5xx: by one of its published policies GHL delivers
 * again only after a 429, by the other after any failure.
 */
export async function orRetryLater<T>(logger: Logger, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    const isAway = isStorageAway(error);
    const problem = { error: describeError(error) };
    if (isAway) logger.warn(problem, 'Postgres is away: the sender is asked to come back');
    else logger.error(problem, 'taking in failed: the sender is asked to come back');
    throw new ProblemError(429, isAway ? 'storage-unavailable' : 'not-taken', { retryAfterSeconds: 10 });
  }
}

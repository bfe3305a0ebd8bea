import { setTimeout as sleep } from 'node:timers/promises';
import { GhlCircuitOpenError, GhlRateLimitedError } from '../ghl/errors.ts';

/** A little more than GHL's window: within it the budget of a location is free again. Whoever has to wait longer goes. */
const LONGEST_WAIT_MS = 12_000;

/** Records read one by one, side by side: enough to use up the lane's share however slowly GHL answers. */
export const READ_AT_ONCE = 8;

/**
 * Does one call, waiting for the budget as long as its window: a run keeps its place, because others of the same lane
 * wait for the same limit. A longer wait, for a day's limit or a breaker, gives the worker's slot back.
 * @throws GhlError, and the signal's reason when it is aborted
 */
export async function paced<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof GhlRateLimitedError) && !(error instanceof GhlCircuitOpenError)) throw error;
      const waitMs = error.retryAfterMs ?? LONGEST_WAIT_MS;
      if (waitMs > LONGEST_WAIT_MS) throw error;
      // Those who wait for one limit do not come back at the same moment.
      await sleep(Math.max(1, waitMs * (1 + Math.random() * 0.02)), undefined, { signal });
    }
  }
}

/**
 * Does `work` for each of the items, so many side by side. After the first failure none is begun any more, and those
 * under way are waited for.
 * @throws what failed first
 */
export async function sideBySide<T>(items: Iterable<T>, most: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items[Symbol.iterator]();
  let failure: { error: unknown } | undefined;
  const take = async (): Promise<void> => {
    for (let next = queue.next(); !next.done && !failure; next = queue.next()) {
      try {
        await work(next.value);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: most }, take));
  if (failure) throw failure.error;
}

import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A look at something that may hang. Who asks waits for `ms` at most; while a look is under way, asking again joins it, for
 * each that hangs holds a connection which the doors need.
 * @param look is told when it is to begin nothing more
 * @returns asks; it throws what the look throws, or Error when the time is over
 */
export function boundLook(ms: number, look: (isOver: () => boolean) => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return async () => {
    const startedMs = performance.now();
    running ??= look(() => performance.now() - startedMs > ms).finally(() => (running = undefined));
    const timer = new AbortController();
    const late = sleep(ms, undefined, { signal: timer.signal }).then(() => {
      throw new Error('the look takes too long');
    });
    try {
      await Promise.race([running, late]);
    } finally {
      timer.abort();
      late.catch(() => {});
    }
  };
}

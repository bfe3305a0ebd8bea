import { setTimeout as sleep } from 'node:timers/promises';

/** What is waited for comes in a second or two on a quiet machine. */
const PATIENCE_MS = 60_000;

/** Each look costs the machine something that runs the other tests: one that has waited long looks less often. */
const pauseMs = (waitedMs: number): number => Math.min(25 + waitedMs / 20, 250);

/**
 * Waits until `look` gives something (not undefined, null or false) and returns it.
 * @throws Error naming what was waited for, with the last error as its cause, after `timeoutMs`
 */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T | undefined | null | false> | T | undefined | null | false,
  timeoutMs = PATIENCE_MS,
): Promise<T> {
  const startedMs = Date.now();
  let lastError: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined && found !== null && found !== false) return found;
    } catch (error) {
      lastError = error;
    }
    const waitedMs = Date.now() - startedMs;
    if (waitedMs > timeoutMs) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`, { cause: lastError });
    await sleep(pauseMs(waitedMs));
  }
}

/**
 * Waits until `attempt` passes, that is, throws no more, and returns what it gives: `vi.waitFor` with time for a busy machine.
 * @throws what the last attempt threw, after a minute
 */
export async function waitToPass<T>(attempt: () => Promise<T> | T): Promise<T> {
  const startedMs = Date.now();
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const waitedMs = Date.now() - startedMs;
      if (waitedMs > PATIENCE_MS) throw error;
      await sleep(pauseMs(waitedMs));
    }
  }
}

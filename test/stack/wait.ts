import { setTimeout as sleep } from 'node:timers/promises';

/** Each look costs the machine something that runs the other tests: one that has waited long looks less often. */
const pauseMs = (waitedMs: number): number => Math.min(25 + waitedMs / 20, 250);

/**
 * Waits until `look` gives something (not undefined, null or false) and returns it.
 * @throws Error naming what was waited for, with the last error as its cause, after `timeoutMs`
 */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T | undefined | null | false> | T | undefined | null | false,
  timeoutMs = 20_000,
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

import { setTimeout as delay } from 'node:timers/promises';

/** Takes one line for the terminal. */
export type Log = (line: string) => void;

/** Something that was waited for did not come about in time. */
export class WaitTimeoutError extends Error {
  readonly code = 'WaitTimeout';
  constructor(what: string, waitedMs: number, cause: unknown) {
    const reason = cause instanceof Error && cause.message !== '' ? `; last answer: ${cause.message}` : '';
    super(`${what} was not ready after ${Math.round(waitedMs / 1000)} s${reason}`);
    this.name = 'WaitTimeoutError';
  }
}

/**
 * Repeats a probe until it returns without throwing, and says every few seconds what is being waited for.
 * @param wait.giveUp settles (by rejecting) when waiting has become pointless, for example because the process has ended
 * @throws WaitTimeoutError after `timeoutMs`; whatever `giveUp` rejects with
 */
export async function waitUntilReady(wait: {
  what: string;
  probe: () => Promise<unknown>;
  timeoutMs: number;
  giveUp?: Promise<never>;
  log: Log;
}): Promise<void> {
  const startedAt = Date.now();
  let sayNextAt = startedAt + 3_000;
  const giveUp = wait.giveUp ?? new Promise<never>(() => {});
  for (;;) {
    try {
      await Promise.race([wait.probe(), giveUp]);
      return;
    } catch (error) {
      const waitedMs = Date.now() - startedAt;
      if (waitedMs > wait.timeoutMs) throw new WaitTimeoutError(wait.what, waitedMs, error);
      if (Date.now() >= sayNextAt) {
        wait.log(`still waiting for ${wait.what} (${Math.round(waitedMs / 1000)} s)`);
        sayNextAt = Date.now() + 5_000;
      }
    }
    await Promise.race([delay(100), giveUp]);
  }
}

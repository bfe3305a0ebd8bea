import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';
import type { Logger } from 'pino';

/** How often a worker looks for a Temporal that is not there. */
const RECONNECT_MS = 1_000;

/**
 * Connects to Temporal, and keeps trying while it is not there. Undefined as soon as the signal says to stop, also in the
 * middle of a try: an address that swallows packets answers nothing for long.
 */
export async function connectToTemporal(
  options: NativeConnectionOptions,
  log: Logger,
  signal: AbortSignal,
): Promise<NativeConnection | undefined> {
  const stopped = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    const trying = NativeConnection.connect(options);
    try {
      const connection = await Promise.race([trying, stopped]);
      // One that comes too late is used by nobody.
      if (!connection) trying.then((late) => late.close()).catch(() => undefined);
      return connection;
    } catch (error) {
      if (isFirst) log.warn({ error: error instanceof Error ? error.message : 'unknown' }, 'waiting for Temporal');
      await sleep(RECONNECT_MS, undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}

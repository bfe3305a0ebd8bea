import { once } from 'node:events';
import { createServer } from 'node:net';
import type { RuntimeOptions } from '@temporalio/worker';

export interface TemporalMetrics {
  telemetry: NonNullable<NonNullable<RuntimeOptions['telemetryOptions']>['metrics']>;
  /** What Temporal's SDK has measured; empty when it does not answer. */
  text: () => Promise<string>;
}

const READ_MS = 1_000;

/**
 * Temporal's SDK measures in native code and serves its page itself. It does so on the loopback address, and our page
 * carries it: one address to scrape, and no port to be configured or met by a second worker.
 */
export async function openTemporalMetrics(): Promise<TemporalMetrics> {
  const address = `127.0.0.1:${await findFreePort()}`;
  return {
    // Names follow from these: a dashboard breaks when one changes.
    telemetry: {
      prometheus: { bindAddress: address, countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true },
    },
    async text() {
      try {
        const signal = AbortSignal.timeout(READ_MS);
        return await (await fetch(`http://${address}/metrics`, { signal })).text();
      } catch {
        return '';
      }
    },
  };
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

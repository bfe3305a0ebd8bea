import { randomBytes } from 'node:crypto';
import { createSwitchyardClient } from '../client.ts';
import { parseKeyRing } from '../crypto/key-ring.ts';
import { createDatabase } from '../db/database.ts';
import { createBreakerStore } from '../db/ghl-breakers.ts';
import { createBudgetStore } from '../db/ghl-budgets.ts';
import { createTokenStore } from '../db/installs.ts';
import { POLL_POLICY } from '../domain/poll-rules.ts';
import { createGhlGateway } from '../ghl/gateway.ts';
import type { Log } from '../scripts/stack/progress.ts';
import { SEARCH_ATTRIBUTES, startTemporal } from '../scripts/stack/temporal.ts';
import { createControlClient } from '../simulator/control-client.ts';
import { startSimulator } from '../simulator/simulator.ts';
import { startBenchDatabase } from './postgres.ts';
import type { Aims } from './reconcile-report.ts';
import { type AgencyShape, plantBigAgency } from './reconcile-agency.ts';
import { measurePolledAgency, type ReconcileResult } from './reconcile.ts';
import { startBenchWorker } from './worker.ts';

const APP = { clientId: '0123456789abcdef01234567-abcdefgh', clientSecret: 'secret-of-the-bench-app' };
const GIVE_UP_MS = 2 * 3_600_000;
/** The schedule comes every 30 s and spreads its starts over almost as long. */
export const RECONCILE_AIMS: Aims = { slackMs: 60_000, delayMs: 1_000 };

/**
 * Polls an agency from nothing by the schedule, the policy and the worker process of production, with a Postgres, a
 * Temporal server and a GHL of its own.
 * @param minutes how long it is watched once all locations were polled
 */
export async function measureReconcile(
  shape: Omit<AgencyShape, 'key' | 'messagesPerContact'>,
  minutes: number,
  log: Log,
): Promise<ReconcileResult> {
  const encryptionKeys = `1:${randomBytes(32).toString('base64')}`;
  const keys = parseKeyRing(encryptionKeys);
  const stops: (() => Promise<unknown>)[] = [];
  const started = <T>(part: T, stop: () => Promise<unknown>): T => {
    stops.unshift(stop);
    return part;
  };
  try {
    const postgres = await startBenchDatabase(log);
    started(postgres, () => postgres.stop());
    const owner = createDatabase({ url: postgres.ownerUrl, poolSize: 2 });
    started(owner, () => owner.destroy());
    const db = createDatabase({ url: postgres.url, poolSize: 4 });
    started(db, () => db.destroy());
    const simulator = await startSimulator({ port: 0 });
    started(simulator, () => simulator.close());
    const served = { namespace: 'default', searchAttributes: SEARCH_ATTRIBUTES };
    const temporal = await startTemporal({ dataDir: postgres.folder, port: 0, ...served, inMemory: true, log });
    started(temporal, () => temporal.stop());
    const control = createControlClient(simulator.url);
    log('planting');
    const agency = await plantBigAgency(
      { ...shape, key: 'bench', messagesPerContact: 1 },
      { db, keys, simulator: control, app: APP },
    );
    const client = createSwitchyardClient({
      connection: { address: temporal.address },
      namespace: served.namespace,
      keys,
    });
    started(client, () => client.close());
    const gateway = createGhlGateway({
      baseUrl: simulator.url,
      app: APP,
      tokens: createTokenStore(db, keys),
      budget: createBudgetStore(db),
      breakers: createBreakerStore(db),
    });
    started(gateway, () => gateway.close());
    const around = { databaseUrl: postgres.url, temporalAddress: temporal.address, ghlUrl: simulator.url };
    const worker = await startBenchWorker({ ...around, encryptionKeys, app: APP, lanes: 'sync' }, postgres.folder, log);
    started(worker, () => worker.stop());
    const readMemory = () => worker.readMemory();
    const system = { owner, simulator: control, client, gateway, agency, policy: POLL_POLICY, readMemory, log };
    const run = { steadyMs: minutes * 60_000, stirEveryMs: 10_000, workedIn: 3, giveUpMs: GIVE_UP_MS };
    return await Promise.race([measurePolledAgency(system, run), worker.failed]);
  } finally {
    for (const stop of stops) await stop();
  }
}

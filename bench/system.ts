import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { createSwitchyardClient } from '../client.ts';
import { parseKeyRing } from '../crypto/key-ring.ts';
import type { AgencyPlan } from '../scripts/demo/agency-plan.ts';
import { plantAgency, type PlantedAgency } from '../scripts/demo/plant-agency.ts';
import { startApi, startSimulatorProcess, startWorker, type Surroundings } from '../scripts/stack/application.ts';
import { createParts } from '../scripts/stack/parts.ts';
import { findFreePort } from '../scripts/stack/ports.ts';
import type { Log } from '../scripts/stack/progress.ts';
import { readOrMakeSecrets, type Secrets } from '../scripts/stack/secrets.ts';
import { readSettings, type Settings } from '../scripts/stack/settings.ts';
import { SEARCH_ATTRIBUTES, startTemporal } from '../scripts/stack/temporal.ts';
import { createDatabase } from '../db/database.ts';
import { type ControlClient, createControlClient } from '../simulator/control-client.ts';
import { POLL_SCHEDULE_ID } from '../client/polling.ts';
import { startBenchDatabase } from './postgres.ts';

/** The whole system as it runs in production, each part a process of its own. */
export interface BenchSystem {
  simulator: ControlClient;
  temporal: Client;
  temporalAddress: string;
  ownerUrl: string;
  /** Puts an agency into GHL and the database, whose webhooks come to the API. */
  plant(plan: AgencyPlan): Promise<PlantedAgency>;
  /** Rejects when a part ends although nobody stopped it. */
  failed: Promise<never>;
  stop(): Promise<void>;
}

/** Starts Postgres, Temporal, the simulator, the worker and the API. Nothing is polled: polls would read as well. */
export async function startBenchSystem(log: Log): Promise<BenchSystem> {
  const parts = createParts(log);
  try {
    const postgres = await parts.start('Postgres', () => startBenchDatabase(log));
    const settings = await makeSettings(postgres.folder);
    const { dataDir, namespace } = settings;
    const secrets = await readOrMakeSecrets(dataDir);
    const options = { dataDir, port: 0, namespace, searchAttributes: SEARCH_ATTRIBUTES, log };
    const { address } = await parts.start('Temporal', () => startTemporal(options));
    const connection = await Connection.connect({ address });
    const temporal = new Client({ connection, namespace });
    await parts.start('the connection to Temporal', async () => ({ stop: () => connection.close() }));
    await pausePolling(temporal, { address, namespace, secrets });
    const simulator = await parts.start('Simulator', () => startSimulatorProcess(settings, secrets, log));
    const around: Surroundings = {
      databaseUrl: postgres.url,
      temporalAddress: address,
      temporalUiUrl: undefined,
      simulator,
    };
    await parts.start('Worker', () => startWorker(settings, secrets, around, log));
    await parts.start('API', () => startApi(settings, secrets, around, log));
    const control = createControlClient(simulator.url);
    return {
      simulator: control,
      temporal,
      temporalAddress: address,
      ownerUrl: postgres.ownerUrl,
      plant: (plan) => plantInto(plan, { settings, secrets, databaseUrl: postgres.url, control }),
      failed: parts.failed,
      stop: async () => void (await parts.stopAll()),
    };
  } catch (error) {
    await parts.stopAll();
    throw error;
  }
}

async function makeSettings(dataDir: string): Promise<Settings> {
  const [api, workerHealth, simulator] = await Promise.all([findFreePort(), findFreePort(), findFreePort()]);
  const environment = {
    SWITCHYARD_DATA_DIR: dataDir,
    API_PORT: String(api),
    WORKER_HEALTH_PORT: String(workerHealth),
    SIMULATOR_PORT: String(simulator),
  };
  return readSettings([], environment, join(import.meta.dirname, '..'));
}

/** Makes the schedule of polling and stops it: what an operator has paused, the API leaves so. */
async function pausePolling(
  temporal: Client,
  { address, namespace, secrets }: { address: string; namespace: string; secrets: Secrets },
): Promise<void> {
  const keys = parseKeyRing(secrets.encryptionKeys);
  const client = createSwitchyardClient({ connection: { address }, namespace, keys });
  await client.ensurePollSchedule();
  await temporal.schedule.getHandle(POLL_SCHEDULE_ID).pause();
  await client.close();
}

async function plantInto(
  plan: AgencyPlan,
  of: { settings: Settings; secrets: Secrets; databaseUrl: string; control: ControlClient },
): Promise<PlantedAgency> {
  const { secrets, control } = of;
  const db = createDatabase({ url: of.databaseUrl, poolSize: 1 });
  try {
    return await plantAgency(plan, {
      db,
      keys: parseKeyRing(secrets.encryptionKeys),
      simulator: control,
      app: { clientId: secrets.ghlClientId, clientSecret: secrets.ghlClientSecret },
      webhookUrl: `http://127.0.0.1:${of.settings.ports.api}/webhooks/ghl`,
    });
  } finally {
    await db.destroy();
  }
}

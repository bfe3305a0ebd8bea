import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDatabase } from '../../db/database.ts';
import { grantLogin, migrateToLatest } from '../../db/migrate.ts';
import { createControlClient } from '../../simulator/control-client.ts';
import type { Part } from './parts.ts';
import { requireFreePort } from './ports.ts';
import { startProcess, watchForUnexpectedEnd } from './process.ts';
import { type Log, waitUntilReady } from './progress.ts';
import type { Secrets } from './secrets.ts';
import type { Settings } from './settings.ts';

const root = join(import.meta.dirname, '..', '..');
const LOGIN = 'switchyard_local';

/**
 * Migrates, and lets the local login take the roles of the running processes.
 * @param ownerUrl connects as a role that may create roles and owns the schema
 * @returns the address by which API and worker connect
 */
export async function prepareDatabase(ownerUrl: string, password: string, log: Log): Promise<string> {
  const db = createDatabase({ url: ownerUrl, poolSize: 2, connectTimeoutMs: 10_000 });
  try {
    await migrateToLatest(db, log);
    await grantLogin(db, { name: LOGIN, password });
  } finally {
    await db.destroy();
  }
  const url = new URL(ownerUrl);
  url.username = LOGIN;
  url.password = password;
  return url.href;
}

type Service = {
  name: string;
  script: string;
  environment: Record<string, string>;
  readyUrl: string;
};

/**
 * Says at once, before anything is started, which port of the services is taken.
 * @throws PortTakenError
 */
export async function requireServicePorts({ ports }: Settings): Promise<void> {
  await requireFreePort('the API', ports.api, 'API_PORT');
  await requireFreePort('the worker’s health page', ports.workerHealth, 'WORKER_HEALTH_PORT');
  await requireFreePort('the GHL simulator', ports.simulator, 'SIMULATOR_PORT');
}

async function requireOk(url: string): Promise<void> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(3_000) });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
}

async function startService(service: Service, settings: Settings, log: Log): Promise<Part> {
  const child = await startProcess({
    name: service.name,
    command: process.execPath,
    args: ['--import', 'tsx', service.script],
    cwd: root,
    env: { ...process.env, ...service.environment },
    logFile: join(settings.dataDir, 'logs', `${service.name.toLowerCase()}.log`),
    recordFolder: join(settings.dataDir, 'run'),
    stopTimeoutMs: 30_000,
  });
  const failed = watchForUnexpectedEnd(child);
  failed.catch(() => {});
  try {
    const probe = (): Promise<void> => requireOk(service.readyUrl);
    await waitUntilReady({ what: service.name, probe, timeoutMs: 90_000, giveUp: failed, log });
  } catch (error) {
    await child.stop();
    throw error;
  }
  return { failed, stop: child.stop };
}

/** Starts the pretended GHL; what it knows is kept in the data folder. */
export async function startSimulatorProcess(
  settings: Settings,
  secrets: Secrets,
  log: Log,
): Promise<Part & { url: string; webhookPublicKeyPem: string }> {
  const port = settings.ports.simulator;
  const url = `http://127.0.0.1:${port}`;
  const simulator = await startService(
    {
      name: 'Simulator',
      script: 'simulator/main.ts',
      environment: {
        SIMULATOR_PORT: String(port),
        SIMULATOR_SNAPSHOT: join(settings.dataDir, 'simulator.json'),
        SIMULATOR_SEED: secrets.simulatorSeed,
      },
      readyUrl: `${url}/_control/stats`,
    },
    settings,
    log,
  );
  try {
    const { publicKeyPem } = await createControlClient(url).getWebhooks();
    return { ...simulator, url, webhookPublicKeyPem: publicKeyPem };
  } catch (error) {
    await simulator.stop();
    throw error;
  }
}

/** What API and worker need to know of the rest of the stack. */
export interface Surroundings {
  databaseUrl: string;
  temporalAddress: string;
  /** The origin of the Web UI, which the API alone reaches; undefined when there is none. */
  temporalUiUrl: string | undefined;
  simulator: { url: string; webhookPublicKeyPem: string };
}

function applicationEnvironment(settings: Settings, secrets: Secrets, around: Surroundings): Record<string, string> {
  return {
    DATABASE_URL: around.databaseUrl,
    TEMPORAL_ADDRESS: around.temporalAddress,
    TEMPORAL_NAMESPACE: settings.namespace,
    ENCRYPTION_KEYS: secrets.encryptionKeys,
    GHL_BASE_URL: around.simulator.url,
    GHL_AUTHORIZE_URL: `${around.simulator.url}/v2/oauth/chooselocation`,
    GHL_CLIENT_ID: secrets.ghlClientId,
    GHL_CLIENT_SECRET: secrets.ghlClientSecret,
    GHL_WEBHOOK_PUBLIC_KEYS: around.simulator.webhookPublicKeyPem,
    API_PORT: String(settings.ports.api),
    ...(around.temporalUiUrl !== undefined && { TEMPORAL_UI_URL: around.temporalUiUrl }),
    WORKER_HEALTH_PORT: String(settings.ports.workerHealth),
  };
}

/** Leaves the addresses and secrets where `npm run cli` finds them, readable by us alone. */
export async function saveEnvironment(
  settings: Settings,
  secrets: Secrets,
  around: Surroundings,
  ownerUrl: string,
): Promise<void> {
  const variables = { ...applicationEnvironment(settings, secrets, around), DATABASE_OWNER_URL: ownerUrl };
  const file = join(settings.dataDir, 'environment.json');
  await writeFile(file, `${JSON.stringify(variables, null, 2)}\n`, { mode: 0o600 });
  await chmod(file, 0o600);
}

/** Starts the API and waits until it takes webhooks. */
export function startApi(settings: Settings, secrets: Secrets, around: Surroundings, log: Log): Promise<Part> {
  const port = settings.ports.api;
  const environment = applicationEnvironment(settings, secrets, around);
  const readyUrl = `http://127.0.0.1:${port}/readyz`;
  const service = { name: 'API', script: 'api/server.ts', environment, readyUrl };
  return startService(service, settings, log);
}

/** Starts the worker and waits until it polls. */
export function startWorker(settings: Settings, secrets: Secrets, around: Surroundings, log: Log): Promise<Part> {
  const port = settings.ports.workerHealth;
  const environment = applicationEnvironment(settings, secrets, around);
  const readyUrl = `http://127.0.0.1:${port}/readyz`;
  return startService({ name: 'Worker', script: 'worker.ts', environment, readyUrl }, settings, log);
}

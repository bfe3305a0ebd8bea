import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { inject } from 'vitest';
import { parseKeyRing, type KeyProvider } from '../../crypto/key-ring.ts';
import { createDatabase } from '../../db/database.ts';
import type { Database } from '../../db/schema.ts';
import type { AgencyPlan } from '../../scripts/demo/agency-plan.ts';
import { plantAgency, type PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { prepareDatabase } from '../../scripts/stack/application.ts';
import { findFreePort } from '../../scripts/stack/ports.ts';
import { type Postgres, startPostgres } from '../../scripts/stack/postgres.ts';
import { type ProcessEnd, type RunningProcess, startProcess } from '../../scripts/stack/process.ts';
import { SEARCH_ATTRIBUTES, type Temporal } from '../../scripts/stack/temporal.ts';
import { type ControlClient, createControlClient } from '../../simulator/control-client.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { suiteEvidence } from '../leaks/evidence.ts';
import { hearHistories } from '../leaks/hear-histories.ts';
import { hearLogFile, hearMetrics } from '../leaks/hear-processes.ts';
import { listValues } from '../leaks/used-values.ts';
import type { Program } from '../stack/compile-programs.ts';
import { findMemoryFolder } from '../stack/memory-folder.ts';
import { createTestNamespace, endSchedulesOf } from '../stack/namespace.ts';
import { TEST_APP } from '../stack/system.ts';
import { startTestTemporal } from '../stack/temporal-server.ts';
import { waitFor } from '../stack/wait.ts';

const root = join(import.meta.dirname, '..', '..');

/** The whole system in processes of its own, each of which a test may stop, kill and start again. */
export interface FaultStack {
  apiUrl: string;
  simulator: ControlClient;
  keys: KeyProvider;
  /** Connects as the superuser, for looking. */
  ownerDb: Kysely<Database>;
  plant(plan: AgencyPlan): Promise<PlantedAgency>;
  /** Posts a delivery as GHL would, signed by a second valid key; tells how long the answer took. */
  deliver(event: Record<string, unknown>): Promise<{ status: number; ms: number }>;
  postgres: { start(): Promise<void>; stop(): Promise<void> };
  /** Its own server; without one it shares that of the other tests, and nothing is stopped. */
  temporal: { start(): Promise<void>; stop(): Promise<void> };
  api: { start(): Promise<void>; stop(): Promise<unknown> };
  /** `stop` sends SIGTERM, and tells how the process ended. */
  worker: { start(): Promise<void>; stop(): Promise<ProcessEnd | undefined>; kill(): Promise<void> };
  stop(): Promise<void>;
}

/** @param options.ownTemporal whether it has a Temporal server of its own, which the test may stop */
export async function startFaultStack({ ownTemporal }: { ownTemporal: boolean }): Promise<FaultStack> {
  // Named by this process: what a killed run leaves is removed by the next, and a run beside this one keeps off.
  const runsFolder = (await findMemoryFolder()) ?? join(root, '.switchyard', 'test');
  const folder = join(runsFolder, String(process.pid));
  await mkdir(folder, { recursive: true });
  const log = (): void => {};
  // A port that the system gives stays with its server, who comes back to it after a stop.
  const ports = { postgres: 0, temporal: 0, api: await findFreePort(), worker: await findFreePort() };
  const encryptionKeys = `1:${randomBytes(32).toString('base64')}`;
  const keys = parseKeyRing(encryptionKeys);
  const simulator = await startSimulator({ port: 0, seed: 'faults' });
  const control = createControlClient(simulator.url);
  const second = generateKeyPairSync('ed25519');
  let postgres: Postgres | undefined;
  let temporal: Temporal | undefined;
  const processes = new Map<string, RunningProcess>();

  const startDatabase = async (): Promise<string> => {
    postgres = await startPostgres({
      dataDir: join(folder, 'postgres'),
      port: ports.postgres,
      unsafeAndFast: true,
      log,
    });
    ports.postgres = postgres.port;
    return postgres.ownerUrl;
  };
  const startServer = async (): Promise<void> => {
    temporal = await startTestTemporal({
      dataDir: folder,
      port: ports.temporal,
      namespace: 'default',
      searchAttributes: SEARCH_ATTRIBUTES,
      log,
    });
    ports.temporal = Number(temporal.address.split(':')[1]);
  };
  const sharedAddress = inject('temporalAddress');
  const startOrShare = async (): Promise<string> => {
    if (!ownTemporal) return createTestNamespace(sharedAddress);
    await startServer();
    return 'default';
  };
  const [ownerUrl, namespace] = await Promise.all([startDatabase(), startOrShare()]);
  const url = await prepareDatabase(ownerUrl, 'password-of-the-fault-stack', log);
  const db = createDatabase({ url });
  const ownerDb = createDatabase({ url: ownerUrl, poolSize: 2 });

  const environment = {
    ...process.env,
    DATABASE_URL: url,
    TEMPORAL_ADDRESS: ownTemporal ? `127.0.0.1:${ports.temporal}` : sharedAddress,
    TEMPORAL_NAMESPACE: namespace,
    ENCRYPTION_KEYS: encryptionKeys,
    GHL_BASE_URL: simulator.url,
    GHL_CLIENT_ID: TEST_APP.clientId,
    GHL_CLIENT_SECRET: TEST_APP.clientSecret,
    GHL_WEBHOOK_PUBLIC_KEYS: `${simulator.webhookPublicKeyPem}\n${second.publicKey.export({ type: 'spki', format: 'pem' }).toString()}`,
    WORKFLOW_BUNDLE_PATH: inject('workflowBundlePath'),
    API_PORT: String(ports.api),
    WORKER_HEALTH_PORT: String(ports.worker),
    SHUTDOWN_GRACE_MS: '5000',
    LOG_LEVEL: 'trace',
  };
  const service = (name: string, program: Program, port: number) => ({
    async start(): Promise<void> {
      const child = await startProcess({
        name,
        command: process.execPath,
        args: [inject('programs')[program]!],
        cwd: root,
        env: environment,
        logFile: join(folder, `${name}.log`),
        recordFolder: join(folder, 'run'),
        stopTimeoutMs: 15_000,
      });
      processes.set(name, child);
      await waitFor(name, async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok);
    },
    async stop(): Promise<ProcessEnd | undefined> {
      const child = processes.get(name);
      await child?.stop();
      if (child) await hearLogFile(child.logFile, environment);
      processes.delete(name);
      return child?.ended;
    },
    async kill(): Promise<void> {
      const child = processes.get(name);
      if (child === undefined) return;
      process.kill(child.pid, 'SIGKILL');
      await child.ended;
      await hearLogFile(child.logFile, environment);
      processes.delete(name);
    },
  });
  const api = service('api', 'api/server.ts', ports.api);
  const worker = service('worker', 'worker.ts', ports.worker);
  const apiUrl = `http://127.0.0.1:${ports.api}`;

  return {
    apiUrl,
    simulator: control,
    keys,
    ownerDb,
    plant: (plan) =>
      plantAgency(plan, { db, keys, simulator: control, app: TEST_APP, webhookUrl: `${apiUrl}/webhooks/ghl` }),
    async deliver(event) {
      suiteEvidence.use(listValues(event));
      const body = Buffer.from(JSON.stringify(event));
      const signature = sign(null, body, second.privateKey).toString('base64');
      const headers = { 'content-type': 'application/json', 'x-ghl-signature': signature };
      const startMs = performance.now();
      const { status } = await fetch(`${apiUrl}/webhooks/ghl`, { method: 'POST', headers, body });
      return { status, ms: performance.now() - startMs };
    },
    postgres: {
      start: async () => void (await startDatabase()),
      stop: async () => postgres?.stop(),
    },
    temporal: { start: startServer, stop: async () => temporal?.stop() },
    api,
    worker,
    async stop() {
      try {
        if (processes.has('api')) await hearMetrics(`${apiUrl}/metrics`);
        await worker.stop();
        await api.stop();
        // The server that all files share is read when all have ended.
        if (temporal) await hearHistories(temporal.address);
        else await endSchedulesOf(sharedAddress, namespace);
      } finally {
        await stopRest();
      }
    },
  };

  async function stopRest(): Promise<void> {
    for (const child of processes.values()) await child.stop();
    await db.destroy();
    await ownerDb.destroy();
    await simulator.close();
    await temporal?.stop();
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

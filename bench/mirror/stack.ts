import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { createSwitchyardClient, type SwitchyardClient } from '../../client.ts';
import { type KeyProvider, parseKeyRing } from '../../crypto/key-ring.ts';
import { createDatabase } from '../../db/database.ts';
import type { Database } from '../../db/schema.ts';
import { prepareDatabase } from '../../scripts/stack/application.ts';
import { findFreePort } from '../../scripts/stack/ports.ts';
import { startPostgres } from '../../scripts/stack/postgres.ts';
import { startProcess, watchForUnexpectedEnd } from '../../scripts/stack/process.ts';
import { type Log, waitUntilReady } from '../../scripts/stack/progress.ts';
import { SEARCH_ATTRIBUTES, startTemporal } from '../../scripts/stack/temporal.ts';
import { type ControlClient, createControlClient } from '../../simulator/control-client.ts';

const root = join(import.meta.dirname, '..', '..');

export const PROOF_APP = { clientId: '0123456789abcdef01234567-mirrored', clientSecret: 'secret-of-the-proof-app' };

export interface ProofStackOptions {
  folder: string;
  bundlePath: string;
  seed: string;
  factor: number;
  logLevel: string;
  log: Log;
  /** Servers that run already; by default it starts its own. */
  servers?: ProofServers;
  /** What Node runs in place of a script of ours; by default the script itself, from its source. */
  programs?: Readonly<Record<string, string>>;
  /** Hears where a process wrote what it said, when it has ended, and with which environment it ran. */
  onProcessEnd?: (logFile: string, environment: NodeJS.ProcessEnv) => Promise<void>;
}

/** A migrated database, as the running processes connect and as its owner does, and a namespace of Temporal. */
export interface ProofServers {
  url: string;
  ownerUrl: string;
  temporalAddress: string;
  namespace: string;
}

/** The whole system, every part in a process of its own, and GHL in another. */
export interface ProofStack {
  apiUrl: string;
  simulator: ControlClient;
  /** As the running processes connect. */
  db: Kysely<Database>;
  /** As the database's owner, for looking and for what watches. */
  ownerDb: Kysely<Database>;
  keys: KeyProvider;
  client: SwitchyardClient;
  temporalAddress: string;
  namespace: string;
  /** Kills the worker as a machine that loses its power would, and starts another. */
  replaceWorker(): Promise<void>;
  /** Resident memory of the worker, in MiB; not a number where the system does not tell. */
  readWorkerMemoryMiB(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts everything. Whoever fails to start has the others stopped. @throws what a part cannot be started for */
export async function startProofStack(options: ProofStackOptions): Promise<ProofStack> {
  const { folder, log } = options;
  await mkdir(folder, { recursive: true });
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const each of stops.reverse()) await each();
  };
  try {
    return await startParts({ ...options, log }, stops, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Postgres, migrated, and Temporal; what stops them goes to `stops`. */
async function startServers(folder: string, log: Log, stops: (() => Promise<unknown>)[]): Promise<ProofServers> {
  const start = async <T extends { stop: () => Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const server = await starting;
    stops.push(server.stop);
    return server;
  };
  const namespace = 'default';
  const [{ ownerUrl }, { address: temporalAddress }] = await Promise.all([
    start(startPostgres({ dataDir: join(folder, 'postgres'), port: 0, unsafeAndFast: true, log })),
    start(
      startTemporal({ dataDir: folder, port: 0, namespace, searchAttributes: SEARCH_ATTRIBUTES, log, inMemory: true }),
    ),
  ]);
  const url = await prepareDatabase(ownerUrl, 'password-of-the-proof', () => {});
  return { url, ownerUrl, temporalAddress, namespace };
}

async function startParts(
  { folder, bundlePath, seed, factor, logLevel, log, servers, programs, onProcessEnd }: ProofStackOptions,
  stops: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<ProofStack> {
  const ports = { simulator: await findFreePort(), api: await findFreePort(), worker: await findFreePort() };
  const { url, ownerUrl, temporalAddress, namespace } = servers ?? (await startServers(folder, log, stops));
  const db = createDatabase({ url, poolSize: 4 });
  const ownerDb = createDatabase({ url: ownerUrl, poolSize: 4 });
  stops.push(
    () => db.destroy(),
    () => ownerDb.destroy(),
  );

  const run = async (name: string, script: string, probe: string, environment: NodeJS.ProcessEnv) => {
    const program = programs?.[script];
    const child = await startProcess({
      name,
      command: process.execPath,
      args: program === undefined ? ['--import', 'tsx', script] : [program],
      cwd: root,
      env: environment,
      logFile: join(folder, 'logs', `${name}.log`),
      recordFolder: join(folder, 'run'),
      stopTimeoutMs: 15_000,
    });
    stops.push(async () => {
      await child.stop();
      await onProcessEnd?.(child.logFile, environment);
    });
    const failed = watchForUnexpectedEnd(child);
    failed.catch(() => {});
    const ask = async (): Promise<void> => {
      const answer = await fetch(probe);
      if (!answer.ok) throw new Error(`answered ${answer.status}`);
    };
    await waitUntilReady({ what: name, probe: ask, timeoutMs: 90_000, giveUp: failed, log });
    return child;
  };

  const simulatorUrl = `http://127.0.0.1:${ports.simulator}`;
  const pretended = { ...process.env, SIMULATOR_PORT: String(ports.simulator), SIMULATOR_SEED: seed };
  await run('simulator', 'simulator/main.ts', `${simulatorUrl}/_control/stats`, pretended);
  const simulator = createControlClient(simulatorUrl);
  const { publicKeyPem } = await simulator.getWebhooks();
  const encryptionKeys = `1:${randomBytes(32).toString('base64')}`;
  const keys = parseKeyRing(encryptionKeys);
  const client = createSwitchyardClient({ connection: { address: temporalAddress }, namespace, keys });
  stops.push(() => client.close());
  const environment = {
    ...process.env,
    DATABASE_URL: url,
    TEMPORAL_ADDRESS: temporalAddress,
    TEMPORAL_NAMESPACE: namespace,
    ENCRYPTION_KEYS: encryptionKeys,
    GHL_BASE_URL: simulatorUrl,
    GHL_CLIENT_ID: PROOF_APP.clientId,
    GHL_CLIENT_SECRET: PROOF_APP.clientSecret,
    GHL_WEBHOOK_PUBLIC_KEYS: publicKeyPem,
    WORKFLOW_BUNDLE_PATH: bundlePath,
    API_PORT: String(ports.api),
    WORKER_HEALTH_PORT: String(ports.worker),
    SHUTDOWN_GRACE_MS: '5000',
    LOG_LEVEL: logLevel,
    TIME_SCALE: String(factor),
  };
  const apiUrl = `http://127.0.0.1:${ports.api}`;
  let workers = 0;
  const startWorker = () =>
    run(`worker-${(workers += 1)}`, 'bench/mirror/worker.ts', `http://127.0.0.1:${ports.worker}/readyz`, environment);
  const [started] = await Promise.all([startWorker(), run('api', 'api/server.ts', `${apiUrl}/readyz`, environment)]);
  let worker = started;

  return {
    apiUrl,
    simulator,
    db,
    ownerDb,
    keys,
    client,
    temporalAddress,
    namespace,
    async replaceWorker() {
      process.kill(worker.pid, 'SIGKILL');
      await worker.ended;
      worker = await startWorker();
    },
    async readWorkerMemoryMiB() {
      const status = await readFile(`/proc/${worker.pid}/status`, 'utf8').catch(() => '');
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024;
    },
    stop,
  };
}

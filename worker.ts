import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import { type Logger, pino } from 'pino';
import { type Config, ConfigError, readConfig } from './config.ts';
import { createDatabase } from './db/database.ts';
import { createActivities } from './worker/activities.ts';
import { serveHealth } from './worker/health.ts';
import { createWorkers } from './worker/workers.ts';

/** How often a worker looks for a Temporal that is not there. */
const RECONNECT_MS = 1_000;

async function run(config: Config): Promise<void> {
  const log = pino({ level: config.LOG_LEVEL, base: { process: 'worker' } });
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
  // The signals are ours: Temporal's runtime would stop its workers, and nobody would close the rest.
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('WARN', (entry) => log.warn({ from: 'temporal', ...entry.meta }, entry.message)),
  });

  const health = await serveHealth(config.WORKER_HEALTH_HOST, config.WORKER_HEALTH_PORT);
  const db = createDatabase({
    url: config.DATABASE_URL,
    poolSize: config.DATABASE_POOL_SIZE,
    onIdleError: (error) => log.warn({ error: error.message }, 'a connection to Postgres broke'),
  });
  const app =
    config.GHL_CLIENT_ID && config.GHL_CLIENT_SECRET
      ? { clientId: config.GHL_CLIENT_ID, clientSecret: config.GHL_CLIENT_SECRET }
      : null;
  const activities = createActivities({
    db,
    keys: config.ENCRYPTION_KEYS,
    ghl: { baseUrl: config.GHL_BASE_URL, app },
    log,
  });

  try {
    const workflowBundle = await findBundle(config);
    const connection = await connect(log, stopping.signal);
    if (!connection) return;
    try {
      const workers = await createWorkers({
        connection,
        namespace: config.TEMPORAL_NAMESPACE,
        workflowBundle,
        lanes: config.WORKER_QUEUES,
        activities,
        keys: config.ENCRYPTION_KEYS,
        maxCachedWorkflows: config.MAX_CACHED_WORKFLOWS,
        shutdownGraceMs: config.SHUTDOWN_GRACE_MS,
      });
      health.workers = workers;
      const running = Promise.all(workers.map((worker) => worker.run()));
      const stop = (): void => {
        for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      };
      if (stopping.signal.aborted) stop();
      else stopping.signal.addEventListener('abort', stop);
      log.info({ lanes: config.WORKER_QUEUES }, 'polling');
      await running;
      log.info('finished what was running');
    } finally {
      await connection.close();
    }
  } finally {
    await activities.close();
    await db.destroy();
    await health.close();
  }
}

/** Keeps trying while Temporal is not there. Undefined when the process is told to stop meanwhile. */
async function connect(log: Logger, signal: AbortSignal): Promise<NativeConnection | undefined> {
  const { connectionOptions } = loadClientConnectConfig();
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    try {
      return await NativeConnection.connect(connectionOptions);
    } catch (error) {
      if (isFirst) log.warn({ error: error instanceof Error ? error.message : 'unknown' }, 'waiting for Temporal');
      await sleep(RECONNECT_MS, undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}

/** A build has its bundle beside it; from the sources it is made here. */
async function findBundle(config: Config): Promise<WorkflowBundleOption> {
  if (config.WORKFLOW_BUNDLE_PATH !== undefined) return { codePath: config.WORKFLOW_BUNDLE_PATH };
  if (import.meta.url.endsWith('.js'))
    return { codePath: fileURLToPath(new URL('./workflow-bundle.js', import.meta.url)) };
  const workflowsPath = fileURLToPath(new URL('./workflows/index.ts', import.meta.url));
  return bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
}

try {
  await run(readConfig(process.env));
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exitCode = 1;
}

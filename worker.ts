import { fileURLToPath } from 'node:url';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { bundleWorkflowCode, DefaultLogger, Runtime, type WorkflowBundleOption } from '@temporalio/worker';
import { pino } from 'pino';
import { type Config, ConfigError, ghlAppsOf, readConfig } from './config.ts';
import { createDatabase } from './db/database.ts';
import { checkDatabase } from './db/readiness.ts';
import { createSealingReports } from './db/sealing-reports.ts';
import { createActivities } from './worker/activities.ts';
import { connectToTemporal } from './worker/connect.ts';
import { serveHealth } from './worker/health.ts';
import { runWorkers } from './worker/run-workers.ts';
import { createTemporalLogger } from './worker/temporal-log.ts';
import { createWorkers } from './worker/workers.ts';

async function run(config: Config): Promise<void> {
  const log = pino({ level: config.LOG_LEVEL, base: { process: 'worker' } });
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
  // The signals are ours: Temporal's runtime would stop its workers, and nobody would close the rest.
  Runtime.install({ shutdownSignals: [], logger: createTemporalLogger(log) });

  const db = createDatabase({
    url: config.DATABASE_URL,
    poolSize: config.DATABASE_POOL_SIZE,
    onIdleError: (error) => log.warn({ error: error.message }, 'a connection to Postgres broke'),
  });
  const health = await serveHealth({
    host: config.WORKER_HEALTH_HOST,
    port: config.WORKER_HEALTH_PORT,
    checkDatabase: () => checkDatabase(db),
  });
  const apps = ghlAppsOf(config);
  const activities = createActivities({
    db,
    keys: config.ENCRYPTION_KEYS,
    ghl: { baseUrl: config.GHL_BASE_URL, app: apps.locations, provisioningApp: apps.provisioning },
    log,
  });

  const sealing = createSealingReports({ db, keys: config.ENCRYPTION_KEYS, log });
  sealing.start();

  try {
    const workflowBundle = await findBundle(config);
    const connection = await connectToTemporal(loadClientConnectConfig().connectionOptions, log, stopping.signal);
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
      health.polling = { workers, connection };
      log.info({ lanes: config.WORKER_QUEUES }, 'polling');
      await runWorkers(workers, stopping.signal);
      log.info('finished what was running');
    } finally {
      health.polling = null;
      // It refuses while workers hold it that never ran; what went wrong then is what counts.
      await connection.close().catch((error: unknown) => log.warn({ error: messageOf(error) }, 'closing failed'));
    }
  } finally {
    await sealing.stop();
    const closed = await Promise.allSettled([activities.close(), db.destroy(), health.close()]);
    for (const each of closed) {
      if (each.status === 'rejected') log.warn({ error: messageOf(each.reason) }, 'closing failed');
    }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown');

/** A build has its bundle beside it; from the sources it is made here. */
async function findBundle(config: Config): Promise<WorkflowBundleOption> {
  if (config.WORKFLOW_BUNDLE_PATH !== undefined) return { codePath: config.WORKFLOW_BUNDLE_PATH };
  if (import.meta.url.endsWith('.js'))
    return { codePath: fileURLToPath(new URL('./workflow-bundle.js', import.meta.url)) };
  const workflowsPath = fileURLToPath(new URL('./workflows/index.ts', import.meta.url));
  return bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
}

/** Everything is closed by then, but a try to reach Temporal that was given up would keep the process. */
process.exit(
  await (async () => run(readConfig(process.env)))().then(
    () => 0,
    (error: unknown) => {
      console.error(error instanceof ConfigError ? error.message : error);
      return 1;
    },
  ),
);

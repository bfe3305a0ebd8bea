import type { WorkerDeploymentVersion } from '@temporalio/common';
import { type NativeConnectionOptions, Runtime, type WorkflowBundleOption } from '@temporalio/worker';
import { pino } from 'pino';
import type { Config } from '../config.ts';
import { createDatabase } from '../db/database.ts';
import { checkDatabase } from '../db/readiness.ts';
import { createSealingReports } from '../db/sealing-reports.ts';
import { hearLogAlerts } from '../domain/log-alert.ts';
import type { OutboundRules } from '../domain/webhook-url.ts';
import type { CallRecord, GhlGateway } from '../ghl/gateway.ts';
import type { MailerSettings } from '../mail/mailer.ts';
import { startTracing } from '../tracing/start.ts';
import { currentTrace } from '../tracing/trace.ts';
import { type ActivityOptions, createActivities } from './activities.ts';
import { countFailures } from './activity-metrics.ts';
import { connectToTemporal } from './connect.ts';
import { serveHealth } from './health.ts';
import { createWorkerMetrics } from './metrics.ts';
import { runWorkers } from './run-workers.ts';
import { createTemporalLogger } from './temporal-log.ts';
import { openTemporalMetrics } from './temporal-metrics.ts';
import { traceActivities, traceCall } from './traces.ts';
import { createVersionStanding } from './version-standing.ts';
import { createWorkers } from './workers.ts';

/** What a worker process is made of besides its configuration. */
export interface WorkerParts {
  /** How GHL is called; its address comes from the configuration. */
  ghl: Omit<ActivityOptions['ghl'], 'baseUrl'>;
  /** By which server notices go as mails; null: by none. */
  mail?: MailerSettings | null;
  /** How Temporal is reached: address, TLS, API key. */
  temporal: NativeConnectionOptions;
  /** When and how locations are polled, where that is not as usual. */
  polling?: ActivityOptions['polling'];
  /** Where webhooks may be sent, where that is not as in production. */
  outboundRules?: OutboundRules;
  findBundle: () => Promise<WorkflowBundleOption>;
  /** What the workers tell Temporal of their code; without it they tell no version. */
  version?: WorkerDeploymentVersion | null;
}

/** Runs a worker until SIGINT or SIGTERM, and closes what it opened. @throws what its workers fail with */
export async function runWorkerProcess(config: Config, parts: WorkerParts): Promise<void> {
  const { ghl, mail, temporal, polling, outboundRules, findBundle, version = null } = parts;
  const standing = createVersionStanding({
    version,
    namespace: config.TEMPORAL_NAMESPACE,
    queue: config.WORKER_QUEUES[0] ?? 'interactive',
  });
  const breakers: { states: GhlGateway['breakerStates'] } = { states: () => new Map() };
  const metrics = createWorkerMetrics(() => breakers.states(), standing.read);
  const hooks = hearLogAlerts(metrics.countLogAlert);
  const log = pino({ level: config.LOG_LEVEL, base: { process: 'worker' }, mixin: currentTrace, hooks });
  const endTracing = startTracing({
    service: 'switchyard-worker',
    endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
    onLost: () => log.warn('spans could not be delivered'),
  });
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
  const temporalMetrics = await openTemporalMetrics();
  // The signals are ours: Temporal's runtime would stop its workers, and nobody would close the rest.
  Runtime.install({
    shutdownSignals: [],
    logger: createTemporalLogger(log),
    telemetryOptions: { metrics: temporalMetrics.telemetry },
  });

  const db = createDatabase({
    url: config.DATABASE_URL,
    poolSize: config.DATABASE_POOL_SIZE,
    onIdleError: (error) => log.warn({ error: error.message }, 'a connection to Postgres broke'),
  });
  const onCall = (record: CallRecord): void => {
    metrics.observeCall(record);
    traceCall(record);
  };
  const activities = createActivities({
    db,
    keys: config.ENCRYPTION_KEYS,
    ghl: { baseUrl: config.GHL_BASE_URL, onCall, ...ghl },
    log,
    webhooks: { ...(outboundRules && { outboundRules }), onWebhookAttempt: metrics.observeWebhook },
    leadObserver: metrics.leadObserver,
    retention: { months: config.RETENTION_MONTHS, days: config.RETENTION_DAYS },
    noticeObserver: metrics.noticeObserver,
    mail: mail ?? null,
    ...(polling && { polling }),
  });
  breakers.states = activities.gateway.breakerStates;
  const health = await serveHealth({
    host: config.WORKER_HEALTH_HOST,
    port: config.WORKER_HEALTH_PORT,
    checkDatabase: () => checkDatabase(db),
    readVersion: standing.read,
    metrics: {
      contentType: metrics.registry.contentType,
      text: async () => (await metrics.registry.metrics()) + (await temporalMetrics.text()),
    },
  });

  const sealing = createSealingReports({ db, keys: config.ENCRYPTION_KEYS, log });
  sealing.start();

  try {
    const workflowBundle = await findBundle();
    const connection = await connectToTemporal(temporal, log, stopping.signal);
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
        version,
        activityInterceptors: [traceActivities, (context) => ({ inbound: countFailures(metrics)(context) })],
      });
      health.polling = { workers, connection };
      standing.use(connection);
      log.info({ lanes: config.WORKER_QUEUES, buildId: version?.buildId }, 'polling');
      await runWorkers(workers, stopping.signal);
      log.info('finished what was running');
    } finally {
      health.polling = null;
      standing.use(null);
      // It refuses while workers hold it that never ran; what went wrong then is what counts.
      await connection.close().catch((error: unknown) => log.warn({ error: messageOf(error) }, 'closing failed'));
    }
  } finally {
    await sealing.stop();
    // What the gateway has still to store needs the database.
    const store = async (): Promise<void> => {
      try {
        await activities.close();
      } finally {
        await db.destroy();
      }
    };
    const closed = await Promise.allSettled([store(), health.close(), endTracing()]);
    for (const each of closed) {
      if (each.status === 'rejected') log.warn({ error: messageOf(each.reason) }, 'closing failed');
    }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown');

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { type Logger, pino } from 'pino';
import { collectDefaultMetrics } from 'prom-client';
import { createSwitchyardClient } from '../client.ts';
import {
  completeSecrets,
  ConfigError,
  ghlDoorOf,
  mailOf,
  outboundRulesOf,
  publicUrlOf,
  readConfig,
} from '../config.ts';
import { createDatabase } from '../db/database.ts';
import { hearLogAlerts } from '../domain/log-alert.ts';
import { startTracing } from '../tracing/start.ts';
import { currentTrace } from '../tracing/trace.ts';
import { describeError } from './error-description.ts';
import { createMetrics } from './metrics.ts';
import { createService } from './service.ts';

async function run(): Promise<void> {
  const environment = completeSecrets(process.env);
  const config = readConfig(environment);
  // Lines go out together, a tenth of a second late at most; nobody's request waits for a terminal.
  const lines = pino.destination({ dest: 1, sync: false, minLength: 4_096, periodicFlush: 100 });
  const metrics = createMetrics();
  const hooks = hearLogAlerts((alert) => metrics.logAlerts.inc({ alert }));
  const logger = pino({ level: config.LOG_LEVEL, base: { process: 'api' }, mixin: currentTrace, hooks }, lines);
  const endTracing = startTracing({
    service: 'switchyard-api',
    endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
    onLost: () => logger.warn('spans could not be delivered'),
  });
  const stopping = new Promise<string>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve(signal));
  });
  const db = createDatabase({
    url: config.DATABASE_URL,
    poolSize: config.DATABASE_POOL_SIZE,
    onIdleError: (error) => logger.warn({ error: describeError(error) }, 'a connection to Postgres broke'),
  });
  const client = createSwitchyardClient({
    connection: loadClientConnectConfig({ overrideEnvVars: environment }).connectionOptions,
    namespace: config.TEMPORAL_NAMESPACE,
    keys: config.ENCRYPTION_KEYS,
  });
  const { ENCRYPTION_KEYS: keys, GHL_WEBHOOK_PUBLIC_KEYS: publicKeys } = config;
  const { TEMPORAL_NAMESPACE: namespace, TEMPORAL_UI_URL: webUiUrl } = config;
  const door = { publicUrl: publicUrlOf(config), namespace, webUiUrl };
  const ghlDoor = ghlDoorOf(config);
  const outboundRules = outboundRulesOf(config);
  const sendsMail = mailOf(config) !== null;
  const doors = { door, ghlDoor, outboundRules, sendsMail };
  const service = createService({ db, keys, client, publicKeys, ...doors, logger, metrics, schedules: true });
  collectDefaultMetrics({ register: metrics.registry });

  const server = createServer(service.app);
  server.listen(config.API_PORT, config.API_HOST);
  await once(server, 'listening');
  service.start();
  logger.info({ address: server.address() }, 'listening');

  const signal = await stopping;
  logger.info({ signal }, 'draining');
  const giveUp = setTimeout(() => {
    logger.error('the grace period is over: the rest is left to the next process');
    process.exit(1);
  }, config.SHUTDOWN_GRACE_MS).unref();
  service.drain();
  // Whoever routes requests here needs a moment to notice; until then they are answered 429 and come again.
  await Promise.all([service.stop(), sleep(config.SHUTDOWN_GRACE_MS / 10)]);
  await close(server, logger);
  await client.close();
  await db.destroy();
  await endTracing();
  clearTimeout(giveUp);
  logger.info('stopped');
}

async function close(server: Server, logger: Logger): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  await closed.catch((error: unknown) => logger.warn({ error: describeError(error) }, 'closing failed'));
}

try {
  await run();
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exitCode = 1;
}

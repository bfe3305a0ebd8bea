import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NativeConnection, Worker } from '@temporalio/worker';
import type { DatabaseState } from '../db/readiness.ts';
import type { VersionStanding } from './version-standing.ts';

export interface Polling {
  workers: Pick<Worker, 'getState'>[];
  connection: Pick<NativeConnection, 'withDeadline' | 'workflowService'>;
}

export interface WorkerHealth {
  /** What the pages report from now on; null while Temporal has not been there yet. */
  polling: Polling | null;
  /** Where the pages are. */
  port: number;
  close(): Promise<void>;
}

export interface HealthOptions {
  host: string;
  /** 0 for any that is free. */
  port: number;
  /** How Postgres is; it never throws. */
  checkDatabase: () => Promise<DatabaseState>;
  /** How the version of its workers stands; it never throws. */
  readVersion: () => Promise<VersionStanding>;
  /** What `GET /metrics` shows. */
  metrics: { contentType: string; text: () => Promise<string> };
}

/** A probe gives up sooner than those who ask it do. */
const PROBE_MS = 1_000;
/** However often the page is asked, Temporal and Postgres are asked so seldom. */
const FRESH_MS = 1_000;

/**
 * `GET /healthz`: the process lives. `GET /readyz`: 200 while its workers poll all their queues and Temporal answers,
 * else 503. Postgres is told and not required: steps wait for it, and others take none of them off this process. So is how
 * its version stands: one that is not current yet must count as ready, or nobody could make it current.
 * `GET /metrics`: Prometheus, Temporal's own figures included.
 */
export async function serveHealth({
  host,
  port,
  checkDatabase,
  readVersion,
  metrics,
}: HealthOptions): Promise<WorkerHealth> {
  const askTemporal = remembering(() => probeTemporal(health.polling?.connection));
  const askPostgres = remembering(() => within<DatabaseState>(checkDatabase(), 'away'));
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    const answer = (status: number, body: Record<string, unknown>): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (path === '/healthz') return answer(200, { status: 'alive' });
    if (path === '/metrics') {
      void metrics.text().then(
        (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
        () => answer(500, { status: 'failed' }),
      );
      return;
    }
    if (path !== '/readyz') return answer(404, { status: 'not-found' });
    void Promise.all([askTemporal(), askPostgres(), readVersion()]).then(([isReachable, postgres, version]) => {
      const states = health.polling?.workers.map((worker) => worker.getState()) ?? [];
      const isPolling = isReachable && states.length > 0 && states.every((state) => state === 'RUNNING');
      const temporal = isReachable ? 'reachable' : 'away';
      answer(isPolling ? 200 : 503, { status: isPolling ? 'polling' : 'waiting', states, temporal, postgres, version });
    });
  });
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  const health: WorkerHealth = {
    polling: null,
    port: typeof address === 'object' && address ? address.port : port,
    close: () => close(server),
  };
  return health;
}

async function probeTemporal(connection: Polling['connection'] | undefined): Promise<boolean> {
  if (!connection) return false;
  const ask = connection.withDeadline(Date.now() + PROBE_MS, () => connection.workflowService.getSystemInfo({}));
  return within(
    ask.then(
      () => true,
      () => false,
    ),
    false,
  );
}

/** What the look finds, or `otherwise` when it takes longer than a probe may. */
async function within<T>(look: Promise<T>, otherwise: T): Promise<T> {
  const timer = new AbortController();
  const late = sleep(PROBE_MS, otherwise, { signal: timer.signal }).catch(() => otherwise);
  try {
    return await Promise.race([look, late]);
  } finally {
    timer.abort();
  }
}

function remembering<T>(look: () => Promise<T>): () => Promise<T> {
  let last: { atMs: number; answer: Promise<T> } | undefined;
  return () => {
    if (last === undefined || Date.now() - last.atMs > FRESH_MS) last = { atMs: Date.now(), answer: look() };
    return last.answer;
  };
}

async function close(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}

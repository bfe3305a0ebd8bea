import { randomBytes } from 'node:crypto';
import { DefaultLogger, NativeConnection, Runtime, type Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { createDatabase } from '../../db/database.ts';
import { checkDatabase } from '../../db/readiness.ts';
import { type Activities, createActivities } from '../../worker/activities.ts';
import { serveHealth, type WorkerHealth } from '../../worker/health.ts';
import { runWorkers } from '../../worker/run-workers.ts';
import { createWorkers } from '../../worker/workers.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { createTestLogger } from '../stack/test-logger.ts';
import { createTestNamespace } from '../stack/namespace.ts';
import { waitFor } from '../stack/wait.ts';
import { startTemporalProxy, type TemporalProxy } from './temporal-proxy.ts';

// Temporal is taken away on purpose.
Runtime.install({ shutdownSignals: [], logger: new DefaultLogger('ERROR', () => {}) });

let database: TestDatabase;
let proxy: TemporalProxy;
let connection: NativeConnection;
let activities: Activities;
let namespace: string;
const keys = parseKeyRing(`1:${randomBytes(32).toString('base64')}`);
beforeAll(async () => {
  const address = inject('temporalAddress');
  [database, proxy, namespace] = await Promise.all([
    createTestDatabase(),
    startTemporalProxy(address),
    createTestNamespace(address),
  ]);
  connection = await NativeConnection.connect({ address: proxy.address });
  const log = createTestLogger();
  activities = createActivities({ db: database.db, keys, ghl: { baseUrl: 'http://127.0.0.1:9', app: null }, log });
});
afterAll(async () => {
  await connection.close();
  await activities.close();
  await proxy.close();
  await database.drop();
});

const makeWorkers = (): Promise<Worker[]> =>
  createWorkers({
    connection,
    namespace,
    workflowBundle: { codePath: inject('workflowBundlePath') },
    lanes: ['interactive'],
    activities,
    keys,
    maxCachedWorkflows: 10,
    shutdownGraceMs: 1_000,
  });
const statesOf = (workers: Worker[]) => workers.map((worker) => worker.getState());

describe('GET /readyz of the worker', () => {
  let health: WorkerHealth;
  const ask = async () => {
    const response = await fetch(`http://127.0.0.1:${health.port}/readyz`);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const answers = (status: number) =>
    waitFor(`an answer ${status}`, async () => {
      const answer = await ask();
      return answer.status === status && answer.body;
    });

  it('is 503 while Temporal does not answer, although the workers run, and tells how Postgres is', async () => {
    const stopping = new AbortController();
    const workers = await makeWorkers();
    let looks = 0;
    const away = createDatabase({ url: 'postgres://nobody@127.0.0.1:1/none' });
    const db = { at: database.db };
    health = await serveHealth({
      host: '127.0.0.1',
      port: 0,
      checkDatabase: () => {
        looks += 1;
        return checkDatabase(db.at);
      },
      readVersion: () => Promise.resolve('unversioned'),
      metrics: { contentType: 'text/plain', text: () => Promise.resolve('') },
    });
    expect(await ask()).toMatchObject({ status: 503, body: { status: 'waiting', temporal: 'away', states: [] } });
    const running = runWorkers(workers, stopping.signal);
    health.polling = { workers, connection };
    expect(await answers(200)).toMatchObject({ status: 'polling', temporal: 'reachable', postgres: 'current' });

    looks = 0;
    await Promise.all(Array.from({ length: 50 }, ask));
    // One look is good for a second; a busy machine answers fifty in a few.
    expect(looks).toBeLessThan(25);

    for (const fail of ['cut', 'freeze'] as const) {
      proxy[fail]();
      expect(await answers(503)).toMatchObject({ status: 'waiting', temporal: 'away', states: ['RUNNING', 'RUNNING'] });
      proxy.mend();
      await answers(200);
    }

    db.at = away;
    await waitFor('the loss of Postgres', async () => (await ask()).body['postgres'] === 'away');
    expect((await ask()).status).toBe(200);

    stopping.abort();
    await running;
    expect(await answers(503)).toMatchObject({ states: ['STOPPED', 'STOPPED'] });
    await health.close();
    await away.destroy();
  });
});

describe('the workers of a process', () => {
  it('all stop when one of them fails, and the failure is told', async () => {
    const workers = await makeWorkers();
    // One that runs already cannot be run: its second run fails.
    const earlier = workers[1]!.run();
    await expect(runWorkers(workers, new AbortController().signal)).rejects.toThrow();
    await earlier;
    expect(statesOf(workers)).toEqual(['STOPPED', 'STOPPED']);
  });

  it('stop when they are told to before they begin', async () => {
    const workers = await makeWorkers();
    await runWorkers(workers, AbortSignal.abort());
    expect(statesOf(workers)).toEqual(['STOPPED', 'STOPPED']);
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { inject } from 'vitest';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { plantAgency, type PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { findFreePort } from '../../scripts/stack/ports.ts';
import { type ControlClient, createControlClient } from '../../simulator/control-client.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { hearChild, hearMetrics } from '../leaks/hear-processes.ts';
import type { Program } from '../stack/compile-programs.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { createTestNamespace, endSchedulesOf } from '../stack/namespace.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { TEST_APP } from '../stack/system.ts';
import { waitFor } from '../stack/wait.ts';
import { startTraceReceiver, type TraceReceiver } from './trace-receiver.ts';

/** API and worker as they run in production, each in a process of its own, seen only from outside. */
export interface ObservedSystem {
  database: TestDatabase;
  simulator: ControlClient;
  agency: PlantedAgency;
  traces: TraceReceiver;
  pages: { api: string; worker: string };
  /** The log lines of both so far. */
  logLines(): Record<string, unknown>[];
  stop(): Promise<void>;
}

const root = join(import.meta.dirname, '..', '..');

/** @param options.exports whether traces are delivered to the receiver */
export async function startObservedSystem({ exports }: { exports: boolean }): Promise<ObservedSystem> {
  const temporalAddress = inject('temporalAddress');
  const encryptionKeys = `1:${randomBytes(32).toString('base64')}`;
  const [database, simulator, namespace, traces, apiPort, workerPort] = await Promise.all([
    createTestDatabase(),
    startSimulator({ port: 0, seed: 'observed' }),
    createTestNamespace(temporalAddress),
    startTraceReceiver(),
    findFreePort(),
    findFreePort(),
  ]);
  const control = createControlClient(simulator.url);
  const env = {
    ...process.env,
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: temporalAddress,
    TEMPORAL_NAMESPACE: namespace,
    ENCRYPTION_KEYS: encryptionKeys,
    GHL_BASE_URL: simulator.url,
    GHL_CLIENT_ID: TEST_APP.clientId,
    GHL_CLIENT_SECRET: TEST_APP.clientSecret,
    GHL_WEBHOOK_PUBLIC_KEYS: simulator.webhookPublicKeyPem,
    WORKFLOW_BUNDLE_PATH: inject('workflowBundlePath'),
    API_PORT: String(apiPort),
    WORKER_HEALTH_PORT: String(workerPort),
    SHUTDOWN_GRACE_MS: '5000',
    LOG_LEVEL: 'debug',
    OTEL_BSP_SCHEDULE_DELAY: '100',
    ...(exports && { OTEL_EXPORTER_OTLP_ENDPOINT: traces.url }),
  };
  let said = '';
  const start = (name: string, program: Program): ChildProcess => {
    const options = { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'] };
    const child = spawn(process.execPath, [inject('programs')[program]!], options);
    hearChild(name, child, env);
    child.stdout.on('data', (data: Buffer) => (said += data.toString()));
    return child;
  };
  const children = [start('api', 'api/server.ts'), start('worker', 'worker.ts')];
  const origins = { api: `http://127.0.0.1:${apiPort}`, worker: `http://127.0.0.1:${workerPort}` };
  const pages = { api: `${origins.api}/metrics`, worker: `${origins.worker}/metrics` };
  for (const [name, origin] of Object.entries(origins))
    await waitFor(name, async () => (await fetch(`${origin}/readyz`)).ok);

  const soil = { db: database.db, keys: parseKeyRing(encryptionKeys), simulator: control, app: TEST_APP };
  const agency = await plantAgency(smallAgency('one'), { ...soil, webhookUrl: `${origins.api}/webhooks/ghl` });
  return {
    database,
    simulator: control,
    agency,
    traces,
    pages,
    // The last line may not be whole yet.
    logLines: () =>
      said
        .slice(0, said.lastIndexOf('\n') + 1)
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    async stop() {
      for (const page of Object.values(pages)) await hearMetrics(page);
      const ended = children.filter((child) => child.exitCode === null).map((child) => once(child, 'exit'));
      for (const child of children) child.kill('SIGTERM');
      await Promise.all(ended);
      await endSchedulesOf(temporalAddress, namespace);
      await traces.close();
      await simulator.close();
      await database.drop();
    },
  };
}

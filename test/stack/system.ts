import { randomBytes } from 'node:crypto';
import { DefaultLogger, NativeConnection, Runtime, type Worker } from '@temporalio/worker';
import { inject } from 'vitest';
import { createSwitchyardClient, type SwitchyardClient } from '../../client.ts';
import { type KeyProvider, parseKeyRing } from '../../crypto/key-ring.ts';
import type { PollPolicy } from '../../domain/poll-rules.ts';
import type { AgencyPlan } from '../../scripts/demo/agency-plan.ts';
import { plantAgency, type PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { type ControlClient, createControlClient } from '../../simulator/control-client.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { type ActivityOptions, createActivities } from '../../worker/activities.ts';
import { createTemporalLogger } from '../../worker/temporal-log.ts';
import { createWorkers } from '../../worker/workers.ts';
import { suiteEvidence } from '../leaks/evidence.ts';
import { hearHistories } from '../leaks/hear-histories.ts';
import { listKeys } from '../leaks/used-values.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import type { GhlGateway } from '../../ghl/gateway.ts';
import type { LaneQueue } from '../../workflows/task-queues.ts';
import { createTestNamespace, endSchedules } from './namespace.ts';
import { smallAgency } from './small-agency.ts';
import { createTestLogger } from './test-logger.ts';

export const TEST_APP = { clientId: '0123456789abcdef01234567-abcdefgh', clientSecret: 'secret-of-the-test-app' };

/** The app that makes new locations. */
export const TEST_PROVISIONING_APP = {
  clientId: 'fedcba9876543210fedcba98-agencies',
  clientSecret: 'secret-of-the-agency-app',
};

/** How long a call may take on a machine that all tests share. */
const BUSY_TEMPORAL_MS = 20_000;

const ours = createTemporalLogger(createTestLogger());
const shown = new DefaultLogger('ERROR');
const logger = new DefaultLogger('WARN', ({ level, message, meta }) => {
  ours.log(level, message, meta);
  shown.log(level, message, meta);
});
Runtime.install({ shutdownSignals: [], logger });

/** The real parts under a test: Postgres, Temporal, the simulator, and workers in this process. */
export interface TestSystem {
  database: TestDatabase;
  keys: KeyProvider;
  simulator: ControlClient;
  simulatorUrl: string;
  webhookKeyPem: string;
  temporalAddress: string;
  namespace: string;
  client: SwitchyardClient;
  /** The workers' own way to GHL. */
  gateway: GhlGateway;
  plant(plan: AgencyPlan, webhookUrl?: string | null): Promise<PlantedAgency>;
  /**
   * @param on by default the lanes on which leads and accounts live
   * @param more further GHL activities of a test, on the workers' own queues
   */
  startWorkers(on?: readonly LaneQueue[], more?: Record<string, (args: never) => Promise<unknown>>): Promise<void>;
  stopWorkers(): Promise<void>;
  stop(): Promise<void>;
}

export interface TestSystemOptions {
  ghl?: Partial<ActivityOptions['ghl']>;
  keys?: KeyProvider;
  temporalAddress?: string;
  lanes?: LaneQueue[];
  polling?: PollPolicy;
  /** The mail server of notices, and for how long they are gathered. */
  mail?: ActivityOptions['mail'];
  gatherMs?: number;
  /** Where webhooks may be sent, and what stands between attempts. */
  webhooks?: ActivityOptions['webhooks'];
}

export async function startTestSystem(options: TestSystemOptions = {}): Promise<TestSystem> {
  const { ghl = {}, keys = parseKeyRing(`1:${randomBytes(32).toString('base64')}`) } = options;
  const { temporalAddress = inject('temporalAddress'), lanes = ['interactive', 'sync'] } = options;
  const [database, simulator, namespace] = await Promise.all([
    createTestDatabase(),
    startSimulator({ port: 0, seed: 'test' }),
    createTestNamespace(temporalAddress),
  ]);
  const control = createControlClient(simulator.url);
  // The suite's own Temporal is busy and never away; a test that takes one away brings the address of another.
  const patienceMs = options.temporalAddress ? 0 : BUSY_TEMPORAL_MS;
  const client = createSwitchyardClient({ connection: { address: temporalAddress }, namespace, keys, patienceMs });
  suiteEvidence.use(listKeys(keys));
  const activities = createActivities({
    db: database.db,
    keys,
    ...(options.polling && { polling: options.polling }),
    ...(options.mail && { mail: options.mail }),
    ...(options.webhooks && { webhooks: options.webhooks }),
    ...(options.gatherMs !== undefined && { gatherMs: options.gatherMs }),
    ghl: { baseUrl: simulator.url, app: TEST_APP, provisioningApp: TEST_PROVISIONING_APP, ...ghl },
    log: createTestLogger(),
  });
  let running: { connection: NativeConnection; workers: Worker[]; done: Promise<unknown> } | undefined;

  const system: TestSystem = {
    database,
    keys,
    simulator: control,
    simulatorUrl: simulator.url,
    webhookKeyPem: simulator.webhookPublicKeyPem,
    temporalAddress,
    namespace,
    client,
    gateway: activities.gateway,
    plant: (plan = smallAgency('one'), webhookUrl = null) =>
      plantAgency(plan, { db: database.db, keys, simulator: control, app: TEST_APP, webhookUrl }),
    async startWorkers(on = lanes, more = {}) {
      const connection = await NativeConnection.connect({ address: temporalAddress });
      const workers = await createWorkers({
        connection,
        namespace,
        workflowBundle: { codePath: inject('workflowBundlePath') },
        lanes: on,
        activities: { ...activities, ghl: { ...activities.ghl, ...more } },
        keys,
        maxCachedWorkflows: 200,
        shutdownGraceMs: 5_000,
      });
      running = { connection, workers, done: Promise.all(workers.map((worker) => worker.run())) };
    },
    async stopWorkers() {
      if (!running) return;
      for (const worker of running.workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await running.done;
      await running.connection.close();
      running = undefined;
    },
    async stop() {
      await system.stopWorkers();
      await activities.close();
      await endSchedules(client.temporal);
      await client.close();
      await simulator.close();
      await database.drop();
      // The server that all files share is read when all have ended.
      if (temporalAddress !== inject('temporalAddress')) await hearHistories(temporalAddress);
    },
  };
  return system;
}

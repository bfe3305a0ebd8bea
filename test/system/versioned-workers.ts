import { readFile } from 'node:fs/promises';
import { NativeConnection } from '@temporalio/worker';
import { inject } from 'vitest';
import { type Activities, createActivities } from '../../worker/activities.ts';
import { createVersionStanding } from '../../worker/version-standing.ts';
import { createWorkers } from '../../worker/workers.ts';
import type { LaneQueue } from '../../workflows/task-queues.ts';
import { TEST_APP, type TestSystem } from '../stack/system.ts';
import { createTestLogger } from '../stack/test-logger.ts';

export const DEPLOYMENT = 'switchyard-test';

/** A step that workers of a version began. */
export interface TakenStep {
  buildId: string | null;
  activity: string;
  args: string;
}

export interface VersionedWorkers {
  readStanding: () => Promise<string>;
  stop: () => Promise<void>;
}

export interface VersionOptions {
  /** Null for workers that tell no version. */
  buildId: string | null;
  lanes?: readonly LaneQueue[];
  /** Another release of the workflows: the code before, and what stands in its place. */
  change?: readonly [before: string, after: string];
  taken: TakenStep[];
}

/** Starts what a worker process of a version is made of. What its steps are is noted. */
export async function startVersion(
  system: TestSystem,
  { buildId, lanes = ['interactive', 'sync'], change, taken }: VersionOptions,
): Promise<VersionedWorkers> {
  const { namespace, keys } = system;
  const released = await readFile(inject('workflowBundlePath'), 'utf8');
  const code = change ? released.replace(change[0], change[1]) : released;
  if (change && code === released) throw new Error('the change finds no place in the workflows');
  const ghl = { baseUrl: system.simulatorUrl, app: TEST_APP };
  const activities = createActivities({ db: system.database.db, keys, ghl, log: createTestLogger() });
  const noting = <T extends object>(steps: T): T =>
    Object.fromEntries(
      Object.entries(steps).map(([activity, step]: [string, (args: unknown) => unknown]) => [
        activity,
        (args: unknown) => {
          taken.push({ buildId, activity, args: JSON.stringify(args) });
          return step(args);
        },
      ]),
    ) as T;
  const noted: Activities = { ...activities, store: noting(activities.store), ghl: noting(activities.ghl) };
  const version = buildId === null ? null : { deploymentName: DEPLOYMENT, buildId };
  const connection = await NativeConnection.connect({ address: system.temporalAddress });
  const workers = await createWorkers({
    connection,
    namespace,
    workflowBundle: { code },
    lanes,
    activities: noted,
    keys,
    maxCachedWorkflows: 100,
    shutdownGraceMs: 5_000,
    version,
  });
  const standing = createVersionStanding({ version, namespace, queue: 'interactive' });
  standing.use(connection);
  const done = Promise.all(workers.map((worker) => worker.run()));
  return {
    readStanding: standing.read,
    async stop() {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await done;
      await connection.close();
      await activities.close();
    },
  };
}

import type { WorkerDeploymentVersion } from '@temporalio/common';
import {
  type ActivityInterceptorsFactory,
  type NativeConnection,
  Worker,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import { createPayloadCodec } from '../crypto/payload-codec.ts';
import type { KeyProvider } from '../crypto/key-ring.ts';
import { ghlQueueOf, type LaneQueue, NOTICE_QUEUE, WEBHOOK_QUEUE } from '../workflows/task-queues.ts';
import type { Activities } from './activities.ts';

export interface WorkersOptions {
  connection: NativeConnection;
  namespace: string;
  workflowBundle: WorkflowBundleOption;
  lanes: readonly LaneQueue[];
  activities: Activities;
  /** Null switches the payload codec off. */
  keys: KeyProvider | null;
  maxCachedWorkflows: number;
  /** How long running activities may go on once the worker is told to stop. */
  shutdownGraceMs: number;
  /** What the workers tell Temporal of their code; without it they take what no version takes. */
  version?: WorkerDeploymentVersion | null;
  /** What stands around every activity. */
  activityInterceptors?: readonly ActivityInterceptorsFactory[];
}

/** Slots of a lane's workers. Activities wait for GHL and Postgres and cost little meanwhile; figures for 2 cores. */
const SLOTS: Record<LaneQueue, { workflowTasks: number; storeActivities: number; ghlActivities: number }> = {
  interactive: { workflowTasks: 20, storeActivities: 20, ghlActivities: 40 },
  sync: { workflowTasks: 8, storeActivities: 8, ghlActivities: 20 },
  bulk: { workflowTasks: 4, storeActivities: 4, ghlActivities: 10 },
};

/** They wait for others' machines as well, and no lead waits for them. */
const NOTICE_ACTIVITIES = 10;
const WEBHOOK_ACTIVITIES = 40;

/**
 * The workers of this process: for each lane one for workflows and their database steps, and one for GHL calls on a
 * queue of its own, without a workflow bundle, so that a storm of calls takes no slot from a decision. With the lane `sync`
 * go those for what leaves for mail servers, and for endpoints.
 */
export async function createWorkers(options: WorkersOptions): Promise<Worker[]> {
  const { connection, namespace, keys, activities } = options;
  const shared = {
    connection,
    namespace,
    shutdownGraceTime: options.shutdownGraceMs,
    // On every queue alike: a step of a workflow goes to the version that the workflow is on.
    ...(options.version && {
      workerDeploymentOptions: {
        version: options.version,
        useWorkerVersioning: true as const,
        // workflows/versioning.ts says for each type what holds, and why.
        defaultVersioningBehavior: 'AUTO_UPGRADE' as const,
      },
    }),
    interceptors: { activity: [...(options.activityInterceptors ?? [])] },
    ...(keys && { dataConverter: { payloadCodecs: [createPayloadCodec(keys)] } }),
  };
  const workers: Worker[] = [];
  for (const lane of options.lanes) {
    const slots = SLOTS[lane];
    workers.push(
      await Worker.create({
        ...shared,
        taskQueue: lane,
        workflowBundle: options.workflowBundle,
        activities: activities.store,
        maxConcurrentWorkflowTaskExecutions: slots.workflowTasks,
        maxConcurrentActivityTaskExecutions: slots.storeActivities,
        maxCachedWorkflows: options.maxCachedWorkflows,
      }),
      await Worker.create({
        ...shared,
        taskQueue: ghlQueueOf(lane),
        activities: activities.ghl,
        maxConcurrentActivityTaskExecutions: slots.ghlActivities,
      }),
    );
  }
  if (options.lanes.includes('sync')) {
    workers.push(
      await Worker.create({
        ...shared,
        taskQueue: NOTICE_QUEUE,
        activities: activities.notices,
        maxConcurrentActivityTaskExecutions: NOTICE_ACTIVITIES,
      }),
      await Worker.create({
        ...shared,
        taskQueue: WEBHOOK_QUEUE,
        activities: activities.webhooks,
        maxConcurrentActivityTaskExecutions: WEBHOOK_ACTIVITIES,
      }),
    );
  }
  return workers;
}

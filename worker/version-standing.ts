import type { WorkerDeploymentVersion } from '@temporalio/common';
import type { NativeConnection } from '@temporalio/worker';
import { UNVERSIONED, versionStatusOf, type VersionStatus } from '../domain/worker-deployment.ts';

/** How the version of a worker stands; `unknown` while Temporal has not told. */
export type VersionStanding = VersionStatus | typeof UNVERSIONED | 'unknown';

export const VERSION_STANDINGS: readonly VersionStanding[] = [
  'current',
  'ramping',
  'draining',
  'drained',
  'inactive',
  UNVERSIONED,
  'unknown',
];

/** How often Temporal is asked at most: pages are read by several. */
const FRESH_MS = 5_000;
const PROBE_MS = 1_000;

/** TASK_QUEUE_TYPE_WORKFLOW of Temporal's API. */
const WORKFLOW_QUEUE = 1;

/**
 * Tells how the version of this process stands in Temporal: workers of one that is neither current nor ramping are given
 * nothing new, nor are those that tell no version while another is current. What was told last holds while Temporal does
 * not answer; never throws.
 * @param of the version, null for workers that tell none, and a queue of workflows that they poll
 */
export function createVersionStanding(of: {
  version: WorkerDeploymentVersion | null;
  namespace: string;
  queue: string;
}) {
  const { version, namespace, queue } = of;
  let last: VersionStanding = version ? 'unknown' : UNVERSIONED;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let connection: Pick<NativeConnection, 'withDeadline' | 'workflowService'> | null = null;
  async function look({ workflowService }: Pick<NativeConnection, 'workflowService'>): Promise<VersionStanding> {
    if (version) {
      const asked = { namespace, deploymentVersion: version };
      const { workerDeploymentVersionInfo: info } = await workflowService.describeWorkerDeploymentVersion(asked);
      return versionStatusOf(Number(info?.status));
    }
    const asked = { namespace, taskQueue: { name: queue }, taskQueueType: WORKFLOW_QUEUE };
    const { versioningInfo } = await workflowService.describeTaskQueue(asked);
    return versioningInfo?.currentDeploymentVersion ? 'inactive' : UNVERSIONED;
  }
  async function ask(): Promise<void> {
    const asked = connection;
    if (!asked || Date.now() - askedAtMs < FRESH_MS) return;
    askedAtMs = Date.now();
    try {
      last = await asked.withDeadline(Date.now() + PROBE_MS, () => look(asked));
    } catch {
      // Away, or not yet heard of.
    }
  }
  return {
    /** By which Temporal is asked from now on; null while there is none. */
    use: (next: typeof connection): void => {
      connection = next;
    },
    read: async (): Promise<VersionStanding> => {
      await ask();
      return last;
    },
  };
}

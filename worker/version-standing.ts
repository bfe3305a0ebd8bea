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

/**
 * Tells how the version of this process stands in Temporal: workers of one that is neither current nor ramping are given
 * nothing new. What was told last holds while Temporal does not answer; never throws.
 * @param version null for workers that tell none
 */
export function createVersionStanding(version: WorkerDeploymentVersion | null, namespace: string) {
  let last: VersionStanding = version ? 'unknown' : UNVERSIONED;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let connection: Pick<NativeConnection, 'withDeadline' | 'workflowService'> | null = null;
  async function ask(): Promise<void> {
    if (!connection || !version || Date.now() - askedAtMs < FRESH_MS) return;
    const { workflowService } = connection;
    askedAtMs = Date.now();
    try {
      const { workerDeploymentVersionInfo: info } = await connection.withDeadline(Date.now() + PROBE_MS, () =>
        workflowService.describeWorkerDeploymentVersion({ namespace, deploymentVersion: version }),
      );
      last = versionStatusOf(Number(info?.status));
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

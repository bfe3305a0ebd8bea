import { randomUUID } from 'node:crypto';
import { type Client, isGrpcServiceError, ServiceError, WorkflowFailedError } from '@temporalio/client';
import {
  nameQueue,
  type QueuePollers,
  type Routing,
  versionStatusOf,
  type WorkerVersion,
} from '../domain/worker-deployment.ts';
import { deploymentProbeWorkflowId } from '../domain/workflow-ids.ts';
import type { pollRounds } from '../workflows/index.ts';
import { createVersionWatch } from './broken-tasks.ts';
import { TASK_QUEUES } from './task-queues.ts';
import { timeOf } from './timestamps.ts';

/** How Temporal hands work to the versions of our workers. */
export interface Deployment {
  routing: Routing;
  versions: WorkerVersion[];
  /** All queues follow the routing. */
  isSettled: boolean;
  /** With it a change is refused when somebody else has changed something since. */
  conflictToken: Uint8Array;
}

/** Of which deployment, by whom, and, where it matters, since which look. */
export interface RoutingChange {
  deploymentName: string;
  identity: string;
  conflictToken?: Uint8Array;
}

/** ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS. */
const IN_PROGRESS = 1;
/** Of gRPC. */
const NOT_FOUND = 5;
const FAILED_PRECONDITION = 9;
const DEADLINE_MS = 15_000;
/** WORKER_VERSIONING_MODE_VERSIONED. */
const VERSIONED = 2;

/** What the client tells of versions of the workers, and changes. @param within calls with a deadline; it raises TemporalUnavailableError */
export function createDeploymentCalls(
  client: Client,
  within: <T>(deadlineMs: number, call: () => Promise<T>) => Promise<T>,
) {
  const { workflowService } = client;
  const { namespace } = client.options;
  return {
    ...createVersionWatch(client, within),

    /** The deployment of a name; undefined while no worker of it has ever polled. @throws TemporalUnavailableError */
    findDeployment: (deploymentName: string): Promise<Deployment | undefined> =>
      within(DEADLINE_MS, async () => {
        try {
          const { workerDeploymentInfo: info, conflictToken } = await workflowService.describeWorkerDeployment({
            namespace,
            deploymentName,
          });
          const ramping = info?.routingConfig?.rampingDeploymentVersion?.buildId;
          return {
            routing: {
              currentBuildId: info?.routingConfig?.currentDeploymentVersion?.buildId ?? null,
              ramping: ramping
                ? { buildId: ramping, percentage: info?.routingConfig?.rampingVersionPercentage ?? 0 }
                : null,
            },
            versions: (info?.versionSummaries ?? []).map((version) => ({
              buildId: version.deploymentVersion?.buildId ?? '',
              status: versionStatusOf(Number(version.status)),
              lastCurrentAt: timeOf(version.lastCurrentTime),
            })),
            conflictToken: conflictToken ?? new Uint8Array(),
            isSettled: Number(info?.routingConfigUpdateState) !== IN_PROGRESS,
          };
        } catch (error) {
          if (isGrpcServiceError(error) && Number(error.code) === NOT_FOUND) return undefined;
          throw error;
        }
      }),

    /** Lets a version take so many of a hundred workflows; null ends the ramp. @throws TemporalUnavailableError, what gRPC refuses with */
    async rampVersion(of: RoutingChange, to: Routing['ramping']): Promise<void> {
      const { buildId = '', percentage = 0 } = to ?? {};
      await within(DEADLINE_MS, () =>
        workflowService.setWorkerDeploymentRampingVersion({ namespace, ...of, buildId, percentage }),
      );
    },

    /** Lets a version take all work, or, with null, workers that tell none. @throws TemporalUnavailableError, what gRPC refuses with */
    async setCurrentVersion(of: RoutingChange, buildId: string | null): Promise<void> {
      await within(DEADLINE_MS, () =>
        workflowService.setWorkerDeploymentCurrentVersion({ namespace, ...of, buildId: buildId ?? '' }),
      );
    },

    /** The queues that a version has ever polled, by name and what is taken from them. @throws TemporalUnavailableError */
    listQueuesOf: (deploymentVersion: { deploymentName: string; buildId: string }): Promise<string[]> =>
      within(DEADLINE_MS, async () => {
        const asked = { namespace, deploymentVersion };
        const { versionTaskQueues } = await workflowService.describeWorkerDeploymentVersion(asked);
        return (versionTaskQueues ?? []).flatMap(({ name, type }) => {
          const found = TASK_QUEUES.find(({ queue, typeNumber }) => queue === name && typeNumber === Number(type));
          return found ? [nameQueue(found)] : [];
        });
      }),

    /** Who polls each of our queues, or has done so within minutes. @throws TemporalUnavailableError */
    listPollers: (deploymentName: string): Promise<QueuePollers[]> =>
      Promise.all(
        TASK_QUEUES.map(async ({ queue, type, typeNumber }) => {
          const asked = { namespace, taskQueue: { name: queue }, taskQueueType: typeNumber };
          const { pollers } = await within(DEADLINE_MS, () => workflowService.describeTaskQueue(asked));
          return {
            queue,
            type,
            pollers: (pollers ?? []).flatMap(({ deploymentOptions: told, lastAccessTime, identity }) => {
              const isVersioned = Number(told?.workerVersioningMode) === VERSIONED;
              if (isVersioned && told?.deploymentName !== deploymentName) return [];
              const buildId = (isVersioned && told?.buildId) || null;
              return [{ buildId, identity: identity ?? '', seenAt: timeOf(lastAccessTime) ?? new Date(0) }];
            }),
          };
        }),
      ),

    /**
     * Lets a version do a small piece of work that changes nothing: a round of polling for no location, which asks Postgres.
     * @returns whether it was done in time; `not-taken` where the queue does not know the version, or not yet
     * @throws TemporalUnavailableError
     */
    async probeVersion(
      version: { deploymentName: string; buildId: string },
      queue: string,
      timeoutMs: number,
    ): Promise<'done' | 'not-done' | 'not-taken'> {
      try {
        const handle = await within(DEADLINE_MS, () =>
          client.workflow.start<typeof pollRounds>('pollRounds', {
            workflowId: deploymentProbeWorkflowId(version.buildId, queue, randomUUID()),
            taskQueue: queue,
            args: [{ locations: 0, spreadMs: 0 }],
            workflowExecutionTimeout: timeoutMs,
            versioningOverride: { pinnedTo: version },
            staticSummary: 'Shows that a version of the workers can do its work',
          }),
        );
        await within(timeoutMs + DEADLINE_MS, () => handle.result());
        return 'done';
      } catch (error) {
        if (error instanceof WorkflowFailedError) return 'not-done';
        const cause = error instanceof ServiceError ? error.cause : error;
        if (isGrpcServiceError(cause) && Number(cause.code) === FAILED_PRECONDITION) return 'not-taken';
        throw error;
      }
    },
  };
}

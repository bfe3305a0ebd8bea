import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import proto from '@temporalio/proto';
import { isBrokenBy, type TaskStanding } from '../domain/worker-deployment.ts';
import { FAILING_WORKFLOWS } from './stuck-workflows.ts';

/** A workflow that a version of the workers cannot go on with. */
export interface BrokenWorkflow {
  workflowId: string;
  /** Temporal's word for what went wrong. */
  failure: string;
}

/** How many workflows of each kind are looked at; each costs a call. */
const LOOKED_AT = 50;
const SIDE_BY_SIDE = 10;
const DEADLINE_MS = 15_000;
const { EventType, WorkflowTaskFailedCause } = proto.temporal.api.enums.v1;

/**
 * What the client tells of workflows and the versions they are on. Temporal marks a workflow whose task keeps failing only
 * after about a minute, so the newest ones are asked themselves: they are those that do something.
 * @param within calls with a deadline; it raises TemporalUnavailableError
 */
export function createVersionWatch(
  client: Client,
  within: <T>(deadlineMs: number, call: () => Promise<T>) => Promise<T>,
) {
  return {
    /**
     * Workflows among the newest, the untouched and the marked ones whose task fails on the version's workers.
     * @param since when the version began to take work @throws TemporalUnavailableError
     */
    async listBrokenBy(buildId: string, since: Date): Promise<BrokenWorkflow[]> {
      const running = `ExecutionStatus = 'Running'`;
      const untouched = `StartTime >= '${since.toISOString()}' and TemporalWorkerDeploymentVersion is null`;
      const found = await Promise.all(
        [running, `${running} and ${untouched}`, FAILING_WORKFLOWS].map((query) =>
          within(DEADLINE_MS, () => list(client, query)),
        ),
      );
      const candidates = [...new Map(found.flat().map((each) => [each.runId, each])).values()];
      const broken: BrokenWorkflow[] = [];
      const look = async (): Promise<void> => {
        for (let next = candidates.shift(); next !== undefined; next = candidates.shift()) {
          const run = next;
          const standing = await within(DEADLINE_MS, () => describeTask(client, run));
          if (standing && isBrokenBy(buildId, standing))
            broken.push({ workflowId: run.workflowId, failure: standing.failure! });
        }
      };
      await Promise.all(Array.from({ length: SIDE_BY_SIDE }, look));
      return broken;
    },

    /** How many workflows had their last task done by a version. Lists follow a little later. @throws TemporalUnavailableError */
    countOnVersion: (version: { deploymentName: string; buildId: string }, only: 'all' | 'open-pinned') =>
      within(DEADLINE_MS, async () => {
        const on = `TemporalWorkerDeploymentVersion = '${version.deploymentName}:${version.buildId}'`;
        const pinned = `${on} and ExecutionStatus = 'Running' and TemporalWorkflowVersioningBehavior = 'Pinned'`;
        return (await client.workflow.count(only === 'all' ? on : pinned)).count;
      }),
  };
}

interface Run {
  workflowId: string;
  runId: string;
}

async function list(client: Client, query: string): Promise<Run[]> {
  const found: Run[] = [];
  for await (const { workflowId, runId } of client.workflow.list({ query, pageSize: LOOKED_AT })) {
    found.push({ workflowId, runId });
    if (found.length === LOOKED_AT) break;
  }
  return found;
}

/** Undefined when the workflow is over. */
async function describeTask(client: Client, { workflowId, runId }: Run): Promise<TaskStanding | undefined> {
  try {
    const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
    const attempt = raw.pendingWorkflowTask?.attempt ?? 0;
    const info = raw.workflowExecutionInfo?.versioningInfo;
    const version = info?.versionTransition?.deploymentVersion ?? info?.deploymentVersion;
    const failure = attempt > 1 ? await findLastFailure(client, { workflowId, runId }) : null;
    return { attempt, buildId: version?.buildId ?? null, failure };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** What a history ends with, where that is a workflow task that failed. */
async function findLastFailure(client: Client, execution: Run): Promise<string | null> {
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution,
    maximumPageSize: 1,
  });
  const last = history?.events?.[0];
  if (last?.eventType !== EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED) return null;
  const cause = WorkflowTaskFailedCause[last.workflowTaskFailedEventAttributes?.cause ?? 0];
  return cause?.replace(/^WORKFLOW_TASK_FAILED_CAUSE_/, '') ?? 'UNSPECIFIED';
}

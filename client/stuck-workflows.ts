import { type Client, type WorkflowExecutionInfo, WorkflowNotFoundError } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { problemOf, type WorkflowStanding } from '../domain/stuck-workflow.ts';
import { AGENCY_ID, CAPABILITY, LOCATION_ID } from './search-attributes.ts';
import { timeOf } from './timestamps.ts';

/** A workflow that runs, as lists show it. */
export interface RunningWorkflow {
  workflowId: string;
  runId: string;
  type: string;
  /** Whose it says it is; null where it says nothing. */
  agencyId: string | null;
  locationId: string | null;
  capability: string | null;
}

/** One whose workflow task keeps failing. */
export interface FailingWorkflow extends RunningWorkflow {
  problem: string;
}

/** The server sets it after five failures in a row, about a minute, and takes it away when a task goes well. */
const PROBLEMS = defineSearchAttributeKey('TemporalReportedProblems', SearchAttributeType.KEYWORD_LIST);
export const FAILING_WORKFLOWS = `ExecutionStatus = 'Running' and TemporalReportedProblems in ('category=WorkflowTaskFailed', 'category=WorkflowTaskTimedOut')`;
const DEADLINE_MS = 15_000;

/** What the client tells of workflows that do not get on. @param within calls with a deadline; it raises TemporalUnavailableError */
export function createWorkflowWatch(
  client: Client,
  within: <T>(deadlineMs: number, call: () => Promise<T>) => Promise<T>,
) {
  async function list<T>(query: string, limit: number, read: (info: WorkflowExecutionInfo) => T): Promise<T[]> {
    const found: T[] = [];
    for await (const info of client.workflow.list({ query })) {
      found.push(read(info));
      if (found.length === limit) break;
    }
    return found;
  }

  return {
    /** Workflows whose task keeps failing, `limit` at most. Lists follow a little later. @throws TemporalUnavailableError */
    listFailingWorkflows: (limit: number): Promise<FailingWorkflow[]> =>
      within(DEADLINE_MS, () =>
        list(FAILING_WORKFLOWS, limit, (info) => ({
          ...readRunning(info),
          problem: problemOf(info.typedSearchAttributes.get(PROBLEMS) ?? []),
        })),
      ),

    /** Workflows that have run for so long, `limit` at most. @param since by type, before when it began @throws TemporalUnavailableError */
    listRunningSince(since: readonly { type: string; before: Date }[], limit: number): Promise<RunningWorkflow[]> {
      const types = since.map(
        ({ type, before }) => `(WorkflowType = '${type}' and StartTime < '${before.toISOString()}')`,
      );
      const query = `ExecutionStatus = 'Running' and (${types.join(' or ')})`;
      return within(DEADLINE_MS, () => list(query, limit, readRunning));
    },

    /** How a workflow stands, and since when its workflow task waits; undefined when it runs no more. @throws TemporalUnavailableError */
    describeWorkflow: ({ workflowId, runId }: Pick<RunningWorkflow, 'workflowId' | 'runId'>) =>
      within(DEADLINE_MS, () => describe(client, workflowId, runId)),
  };
}

const readRunning = (info: WorkflowExecutionInfo): RunningWorkflow => ({
  workflowId: info.workflowId,
  runId: info.runId,
  type: info.type,
  agencyId: info.typedSearchAttributes.get(AGENCY_ID) ?? null,
  locationId: info.typedSearchAttributes.get(LOCATION_ID) ?? null,
  capability: info.typedSearchAttributes.get(CAPABILITY) ?? null,
});

async function describe(
  client: Client,
  workflowId: string,
  runId: string,
): Promise<(WorkflowStanding & { taskSince: Date | null }) | undefined> {
  const described = await findDescription(client, workflowId, runId);
  if (described?.status.name !== 'RUNNING') return undefined;
  const { type, startTime, raw } = described;
  const { namespace } = client.options;
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace,
    execution: { workflowId, runId },
    maximumPageSize: 1,
  });
  const task = raw.pendingWorkflowTask;
  return {
    type,
    lastEventAt: timeOf(history?.events?.[0]?.eventTime) ?? startTime,
    hasTask: Boolean(task),
    taskSince: timeOf(task?.originalScheduledTime),
    activities: (raw.pendingActivities ?? []).map((activity) => ({
      hasBegun: (activity.attempt ?? 1) > 1 || Number(activity.state) !== ACTIVITY_SCHEDULED,
      lastHeartbeatAt: timeOf(activity.lastHeartbeatTime),
      lastFailure: activity.lastFailure?.applicationFailureInfo?.type ?? null,
    })),
  };
}

async function findDescription(client: Client, workflowId: string, runId: string) {
  try {
    return await client.workflow.getHandle(workflowId, runId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** PENDING_ACTIVITY_STATE_SCHEDULED of Temporal's API. */
const ACTIVITY_SCHEDULED = 1;

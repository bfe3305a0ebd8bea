import {
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowExecutionInfo,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { isLawfulWait, problemOf, type WatchedGroup, type WorkflowStanding } from '../domain/stuck-workflow.ts';
import { type EndedWorkflow, listEndedWorkflows } from './ended-workflows.ts';
import { AGENCY_ID, CAPABILITY, LEAD_STATUS, LOCATION_ID } from './search-attributes.ts';
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
  startedAt: Date;
}

/** One whose workflow task keeps failing. */
export interface FailingWorkflow extends RunningWorkflow {
  problem: string;
}

/** The server sets it after five failures in a row, about a minute, and takes it away when a task goes well. */
const PROBLEMS = defineSearchAttributeKey('TemporalReportedProblems', SearchAttributeType.KEYWORD_LIST);
export const FAILING_WORKFLOWS = `ExecutionStatus = 'Running' and TemporalReportedProblems in ('category=WorkflowTaskFailed', 'category=WorkflowTaskTimedOut')`;
const DEADLINE_MS = 15_000;
/** So far back a history is read for the beginning of a step that fails: ten pages. */
const PAGE_EVENTS = 200;
const PAGES = 10;

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

    /** Workflows of a group that run and began before then, the latest first, `limit` at most. @throws TemporalUnavailableError */
    listRunningBefore(group: WatchedGroup, before: Date, limit: number): Promise<RunningWorkflow[]> {
      const query = `ExecutionStatus = 'Running' and StartTime < '${before.toISOString()}' and ${queryOf(group)}`;
      return within(DEADLINE_MS, () => list(query, limit, readRunning));
    },

    /** See `listEndedWorkflows` of ended-workflows. @throws TemporalUnavailableError */
    listEndedWorkflows: (
      types: readonly string[],
      time: { since: Date; until: Date },
      limit: number,
    ): Promise<EndedWorkflow[]> => within(DEADLINE_MS, () => listEndedWorkflows(client, types, time, limit)),

    /**
     * How a workflow stands, and since when its workflow task waits; undefined when it runs no more.
     * @param of its latest run where none is named @throws TemporalUnavailableError
     */
    describeWorkflow: ({ workflowId, runId }: { workflowId: string; runId?: string }) =>
      within(DEADLINE_MS, () => describe(client, workflowId, runId)),
  };
}

function queryOf(group: WatchedGroup): string {
  switch (group.kind) {
    case 'type':
      return `WorkflowType = '${group.type}'`;
    case 'lead': {
      const { name } = LEAD_STATUS;
      const status = group.isRouting ? `${name} = 'routing'` : `(${name} != 'routing' or ${name} is null)`;
      return `WorkflowType = 'leadIntake' and ${status}`;
    }
    case 'other':
      return `WorkflowType not in (${group.than.map((type) => `'${type}'`).join(', ')})`;
  }
}

const readRunning = (info: WorkflowExecutionInfo): RunningWorkflow => ({
  workflowId: info.workflowId,
  runId: info.runId,
  type: info.type,
  agencyId: info.typedSearchAttributes.get(AGENCY_ID) ?? null,
  locationId: info.typedSearchAttributes.get(LOCATION_ID) ?? null,
  capability: info.typedSearchAttributes.get(CAPABILITY) ?? null,
  startedAt: info.startTime,
});

async function describe(
  client: Client,
  workflowId: string,
  knownRunId?: string,
): Promise<(WorkflowStanding & { taskSince: Date | null }) | undefined> {
  const described = await findDescription(client, workflowId, knownRunId);
  if (described?.status.name !== 'RUNNING') return undefined;
  const { type, startTime, raw, runId } = described;
  const { namespace } = client.options;
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace,
    execution: { workflowId, runId },
    maximumPageSize: 1,
  });
  const task = raw.pendingWorkflowTask;
  const activities = (raw.pendingActivities ?? []).map((activity) => ({
    id: activity.activityId ?? '',
    hasBegun: (activity.attempt ?? 1) > 1 || Number(activity.state) !== ACTIVITY_SCHEDULED,
    lastHeartbeatAt: timeOf(activity.lastHeartbeatTime),
    lastFailure: codeOf(activity.lastFailure),
  }));
  const failing = activities.filter(({ lastFailure }) => lastFailure !== null && !isLawfulWait(lastFailure));
  const asked = await findAskedAt(client, { workflowId, runId }, new Set(failing.map(({ id }) => id)));
  return {
    type,
    lastEventAt: timeOf(history?.events?.[0]?.eventTime) ?? startTime,
    hasTask: Boolean(task),
    taskSince: timeOf(task?.originalScheduledTime),
    activities: activities.map(({ id, ...activity }) => ({ ...activity, askedAt: asked.get(id) ?? null })),
  };
}

/** The code with which an attempt failed; null where none has. Attempts that Temporal itself ended have none of ours. */
function codeOf(failure: IFailure | null | undefined): string | null {
  if (!failure) return null;
  return failure.applicationFailureInfo?.type || (failure.timeoutFailureInfo ? 'Timeout' : 'Unknown');
}

type IFailure = NonNullable<RawActivities[number]['lastFailure']>;
type RawActivities = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>;

/**
 * When steps were asked for: Temporal describes only their latest attempt, so the history is read backwards. Of a step that
 * is not found in so much of it, the oldest event that was read is named: it was asked for before that.
 */
async function findAskedAt(
  client: Client,
  execution: { workflowId: string; runId: string },
  ids: ReadonlySet<string>,
): Promise<Map<string, Date>> {
  const found = new Map<string, Date>();
  const { namespace } = client.options;
  let nextPageToken: Uint8Array | null | undefined;
  let oldest: Date | null = null;
  for (let page = 0; page < PAGES && found.size < ids.size; page += 1) {
    const request = { namespace, execution, maximumPageSize: PAGE_EVENTS, ...(nextPageToken && { nextPageToken }) };
    const answer = await client.workflowService.getWorkflowExecutionHistoryReverse(request);
    for (const { eventTime, activityTaskScheduledEventAttributes: asked } of answer.history?.events ?? []) {
      oldest = timeOf(eventTime) ?? oldest;
      if (asked?.activityId && oldest && ids.has(asked.activityId)) found.set(asked.activityId, oldest);
    }
    nextPageToken = answer.nextPageToken;
    if (!nextPageToken?.length) break;
  }
  for (const id of ids) if (oldest && !found.has(id)) found.set(id, oldest);
  return found;
}

async function findDescription(client: Client, workflowId: string, runId?: string) {
  try {
    return await client.workflow.getHandle(workflowId, runId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** PENDING_ACTIVITY_STATE_SCHEDULED of Temporal's API. */
const ACTIVITY_SCHEDULED = 1;

import { WorkflowNotFoundError } from '@temporalio/client';
import type { SwitchyardClient } from '../../client.ts';
import type { WorkflowStanding } from '../../domain/standing.ts';
import { CommandError } from '../failure.ts';
import type { Session } from '../session.ts';

/** How long one workflow is asked for. */
const LOOK_MS = 3_000;

/** Failures' codes are words of ours; anything else may be a text. */
const CODE = /^[\w.-]{1,60}$/;

/** How Temporal sees these workflows. While it is away that is said of each, and nothing is thrown. */
export async function lookAtWorkflows(session: Session, workflowIds: readonly string[]): Promise<WorkflowStanding[]> {
  const empty = (workflowId: string, status: string): WorkflowStanding => {
    return { workflowId, status, startedAt: null, closedAt: null, steps: [] };
  };
  if (workflowIds.length === 0) return [];
  let client: SwitchyardClient;
  try {
    client = await session.client();
  } catch (error) {
    if (error instanceof CommandError && error.code === 'temporal-away')
      return workflowIds.map((id) => empty(id, 'away'));
    throw error;
  }
  return Promise.all(
    workflowIds.map(async (id) => {
      try {
        return await client.temporal.withDeadline(Date.now() + LOOK_MS, () => describe(client, id));
      } catch (error) {
        return empty(id, error instanceof WorkflowNotFoundError ? 'unknown' : 'away');
      }
    }),
  );
}

async function describe(client: SwitchyardClient, workflowId: string): Promise<WorkflowStanding> {
  const { status, startTime, closeTime, raw } = await client.temporal.workflow.getHandle(workflowId).describe();
  const steps = (raw.pendingActivities ?? []).map((each) => {
    const type = each.lastFailure?.applicationFailureInfo?.type;
    const other = each.lastFailure?.timeoutFailureInfo ? 'Timeout' : 'Error';
    const nextMs = each.scheduledTime?.seconds ? Number(each.scheduledTime.seconds) * 1_000 : 0;
    return {
      activity: each.activityType?.name ?? 'unknown',
      attempt: each.attempt ?? 1,
      failure: each.lastFailure ? (type && CODE.test(type) ? type : other) : null,
      nextAt: nextMs > Date.now() ? new Date(nextMs) : null,
    };
  });
  return { workflowId, status: status.name, startedAt: startTime, closedAt: closeTime ?? null, steps };
}

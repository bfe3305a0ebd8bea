import { type Client, type WorkflowExecutionDescription, WorkflowNotFoundError } from '@temporalio/client';

/** A run, or a chain of them, that ended without having done all, by force or by failing. */
export interface EndedWorkflow {
  workflowId: string;
  /** When the first run of the chain began; what was handed to it came since then. */
  startedAt: Date;
  endedAt: Date;
}

/**
 * Workflows of these types that were terminated, failed or ran out of time between then and then, newest first, `limit` at most. Temporal's
 * list follows a little later. One that was cancelled is not among them: it hands back itself what it held.
 */
export async function listEndedWorkflows(
  client: Client,
  types: readonly string[],
  { since, until }: { since: Date; until: Date },
  limit: number,
): Promise<EndedWorkflow[]> {
  const named = types.map((type) => `'${type}'`).join(', ');
  const query = `WorkflowType in (${named}) and CloseTime between '${since.toISOString()}' and '${until.toISOString()}' and ExecutionStatus in ('Failed', 'Terminated', 'TimedOut')`;
  const ended: EndedWorkflow[] = [];
  for await (const { workflowId, runId, startTime, closeTime } of client.workflow.list({ query })) {
    // Lists do not tell of which run one is the continuation.
    const last = await find(client, workflowId, runId);
    const firstRunId = last?.raw.workflowExecutionInfo?.firstRunId;
    const first = firstRunId && firstRunId !== runId ? await find(client, workflowId, firstRunId) : last;
    ended.push({ workflowId, startedAt: first?.startTime ?? startTime, endedAt: closeTime ?? new Date() });
    if (ended.length === limit) break;
  }
  return ended;
}

/** A run; undefined when Temporal has forgotten it. */
async function find(
  client: Client,
  workflowId: string,
  runId: string,
): Promise<WorkflowExecutionDescription | undefined> {
  try {
    return await client.workflow.getHandle(workflowId, runId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

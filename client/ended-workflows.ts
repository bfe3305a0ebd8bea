import { type Client, WorkflowNotFoundError } from '@temporalio/client';

/** A run, or a chain of them, that ended without having done all, by force or by failing. */
export interface EndedWorkflow {
  workflowId: string;
  /** When the first run of the chain began; what was handed to it came since then. */
  startedAt: Date;
  endedAt: Date;
}

/**
 * Workflows of these types that were terminated, failed or ran out of time since then, newest first, `limit` at most. Temporal's
 * list follows a little later. One that was cancelled is not among them: it hands back itself what it held.
 */
export async function listEndedWorkflows(
  client: Client,
  types: readonly string[],
  since: Date,
  limit: number,
): Promise<EndedWorkflow[]> {
  const named = types.map((type) => `'${type}'`).join(', ');
  const query = `WorkflowType in (${named}) and CloseTime >= '${since.toISOString()}' and ExecutionStatus in ('Failed', 'Terminated', 'TimedOut')`;
  const ended: EndedWorkflow[] = [];
  for await (const { workflowId, runId, startTime, closeTime, raw } of client.workflow.list({ query })) {
    const { firstRunId } = raw;
    const isContinued = Boolean(firstRunId) && firstRunId !== runId;
    const startedAt = (isContinued && (await findStart(client, workflowId, firstRunId!))) || startTime;
    ended.push({ workflowId, startedAt, endedAt: closeTime ?? new Date() });
    if (ended.length === limit) break;
  }
  return ended;
}

/** When a run began; undefined when Temporal has forgotten it. */
async function findStart(client: Client, workflowId: string, runId: string): Promise<Date | undefined> {
  try {
    return (await client.workflow.getHandle(workflowId, runId).describe()).startTime;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

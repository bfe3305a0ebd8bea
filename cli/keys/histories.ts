import { type Client, isGrpcServiceError, ServiceError, WorkflowNotFoundError } from '@temporalio/client';
import { findPayloadKeyVersions } from '../../crypto/payload-versions.ts';
import { CommandError } from '../failure.ts';

/** Those that go on. */
export const OPEN_WORKFLOWS = `ExecutionStatus = 'Running'`;
/** Those that ended without success: until Temporal forgets them, an operator can reset them, which replays their history. */
export const BROKEN_WORKFLOWS = `ExecutionStatus in ('Failed', 'Terminated', 'TimedOut', 'Canceled')`;

const CALL_DEADLINE_MS = 15_000;
/** Temporal gives some hundred histories a second; more at once would take its time from the workflows. */
const HISTORIES_AT_ONCE = 8;
const NOT_FOUND = 5;

/** How many workflows a query of Temporal's list finds. @throws CommandError when Temporal does not answer */
export const countWorkflows = (temporal: Client, query: string): Promise<number> =>
  asking(
    async () =>
      (await temporal.withDeadline(Date.now() + CALL_DEADLINE_MS, () => temporal.workflow.count(query))).count,
  );

/**
 * Reads the histories of the workflows that a query finds.
 * @returns the ids of those that hold a payload sealed with the version
 * @throws CommandError when Temporal does not answer
 */
export async function findWorkflowsThatNeed(
  temporal: Client,
  version: number,
  query: string,
  onRead: (read: number) => void,
): Promise<string[]> {
  const needing: string[] = [];
  let read = 0;
  const listed = temporal.workflow.list({ query })[Symbol.asyncIterator]();
  // They share the list, so that each takes the next one as soon as it is free.
  const reader = async (): Promise<void> => {
    for (;;) {
      const next = await asking(() => listed.next());
      if (next.done === true) return;
      const { workflowId, runId } = next.value;
      const versions = await asking(() => readVersions(temporal, workflowId, runId));
      if (versions.has(version)) needing.push(workflowId);
      read += 1;
      onRead(read);
    }
  };
  await Promise.all(Array.from({ length: HISTORIES_AT_ONCE }, reader));
  return needing;
}

async function readVersions(temporal: Client, workflowId: string, runId: string): Promise<Set<number>> {
  try {
    const handle = temporal.workflow.getHandle(workflowId, runId);
    const history = await temporal.withDeadline(Date.now() + CALL_DEADLINE_MS, () => handle.fetchHistory());
    return findPayloadKeyVersions(history);
  } catch (error) {
    // Ended and forgotten since it was listed.
    if (error instanceof WorkflowNotFoundError || (isGrpcServiceError(error) && Number(error.code) === NOT_FOUND)) {
      return new Set();
    }
    throw error;
  }
}

async function asking<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof ServiceError || isGrpcServiceError(error))) throw error;
    throw new CommandError('temporal-away', 'Temporal stopped answering: nothing was done. Try again.');
  }
}

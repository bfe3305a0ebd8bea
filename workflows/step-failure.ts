import { ActivityFailure, ApplicationFailure, isCancellation, log } from '@temporalio/workflow';

/** The cause of what an operator has cancelled before it was done. */
export const CANCELLED = 'Cancelled';

/** Whether a step has failed for good by itself; a workflow that is cancelled ends instead. */
export const isStepFailure = (error: unknown): error is ActivityFailure =>
  error instanceof ActivityFailure && !isCancellation(error);

/** The stable code of what ended an activity: the type its failure was thrown with, or how Temporal ended it. */
export function failureCode(error: ActivityFailure): string {
  return error.cause instanceof ApplicationFailure ? (error.cause.type ?? 'Unknown') : (error.retryState ?? 'Unknown');
}

/**
 * Puts a failure before an operator. Where even that fails for good, the log and the history have it, and the workflow
 * goes on: what could not be written down must not take the rest with it.
 */
export async function putBeforeOperator(record: () => Promise<void>): Promise<void> {
  try {
    await record();
  } catch (error) {
    if (!isStepFailure(error)) throw error;
    log.error('a dead letter could not be written', { alert: 'dead-letter-lost', cause: failureCode(error) });
  }
}

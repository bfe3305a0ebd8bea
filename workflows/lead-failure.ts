import { allHandlersFinished, ApplicationFailure, condition } from '@temporalio/workflow';
import type { LeadStanding } from '../domain/lead-messages.ts';
import type { LeadInbox } from './lead-inbox.ts';
import { type LeadRef, type LeadRun, leads, takeIn } from './lead-placement.ts';
import { failureCode, isStepFailure, putBeforeOperator } from './step-failure.ts';

/** Takes a new lead in. Where a step fails for good the lead has nowhere to be: the workflow fails, and an operator hears of it. */
export async function takeInOrFail(run: LeadRun, inbox: LeadInbox): Promise<LeadStanding> {
  try {
    return await takeIn(run);
  } catch (error) {
    if (isStepFailure(error)) {
      await putBeforeOperator(() => leads.recordUnroutable({ ...run.lead, cause: failureCode(error) }));
      inbox.close(ApplicationFailure.nonRetryable('refused: lead-stuck', 'lead-stuck'));
      await condition(allHandlersFinished);
    }
    throw error;
  }
}

/**
 * What an open lead answers when it could not obey: its refusal, or that a step failed for good, which an operator hears
 * of. The lead stays as it was.
 * @throws the error itself when it is neither
 */
export async function refusalOf(lead: LeadRef, step: string, error: unknown): Promise<ApplicationFailure> {
  if (error instanceof ApplicationFailure) return error;
  if (!isStepFailure(error)) throw error;
  await putBeforeOperator(() => leads.recordStepFailure({ ...lead, step, cause: failureCode(error) }));
  return ApplicationFailure.nonRetryable('refused: internal-error', 'internal-error');
}

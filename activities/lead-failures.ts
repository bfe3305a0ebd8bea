import { releaseAssignments } from '../db/assignments.ts';
import { addDeadLetter } from '../db/dead-letters.ts';
import { withScope } from '../db/scope.ts';
import { redriveCommand } from '../domain/lead-redrive.ts';
import { leadIntakeWorkflowId } from '../domain/workflow-ids.ts';
import { askedForAt } from './activity-call.ts';
import type { StoreDeps } from './dependencies.ts';
import { lockKnownLead } from './lead-records.ts';
import type { LeadArgs } from './lead-routing.ts';

interface StepFailure extends LeadArgs {
  /** What the workflow was about to do, in one code word. */
  step: string;
  cause: string;
}

/** Put what a lead's workflow cannot do before an operator: the lead never vanishes with it. */
export function createLeadFailures(deps: StoreDeps) {
  /** The lead cannot be taken in: its workflow fails, a slot on the way is free again, and an operator hears of it. Repeatable. */
  async function recordUnroutable({ agencyId, leadId, cause }: LeadArgs & { cause: string }): Promise<void> {
    const now = deps.now();
    await withScope(deps.db, { agencyId }, async (tx) => {
      const lead = await lockKnownLead(tx, leadId);
      await releaseAssignments(tx, leadId, { reason: 'unroutable', now, state: 'reserved' });
      await addDeadLetter(tx, {
        agencyId,
        locationId: lead.intake_location_id,
        capability: 'lead-intake',
        cause: `unroutable:${cause}`,
        advice: `The lead could not be routed (${cause}). Look at its event, mend the cause, then run \`${redriveCommand({ agencyId, leadId })}\`.`,
        subject: { kind: 'lead', id: leadId },
        workflowId: leadIntakeWorkflowId(agencyId, leadId),
        failedAt: askedForAt(),
      });
    });
  }

  /** A message to the lead could not be obeyed; the lead stays as it was, but for a slot on the way, and takes the next one. Repeatable. */
  async function recordStepFailure({ agencyId, leadId, step, cause }: StepFailure): Promise<void> {
    const now = deps.now();
    await withScope(deps.db, { agencyId }, async (tx) => {
      const lead = await lockKnownLead(tx, leadId);
      await releaseAssignments(tx, leadId, { reason: 'step-failed', now, state: 'reserved' });
      await addDeadLetter(tx, {
        agencyId,
        locationId: lead.location_id ?? lead.intake_location_id,
        capability: 'lead-intake',
        cause: `step:${step}:${cause}`,
        advice: `The step "${step}" of the lead failed for good (${cause}); the lead is as it was before. When the cause is mended, ask for the step again.`,
        subject: { kind: 'lead', id: leadId },
        workflowId: leadIntakeWorkflowId(agencyId, leadId),
        failedAt: askedForAt(),
      });
    });
  }

  /** The workflow was cancelled by hand: a slot that waited for GHL is free again, and an operator hears of it. Repeatable. */
  async function recordCancelled({ agencyId, leadId }: LeadArgs): Promise<void> {
    const now = deps.now();
    await withScope(deps.db, { agencyId }, async (tx) => {
      const lead = await lockKnownLead(tx, leadId);
      if (lead.state === 'closed') return;
      await releaseAssignments(tx, leadId, { reason: 'cancelled', now, state: 'reserved' });
      await addDeadLetter(tx, {
        agencyId,
        locationId: lead.location_id ?? lead.intake_location_id,
        capability: 'lead-intake',
        cause: 'stuck',
        advice: `The workflow of this open lead was cancelled by hand: nobody works on it any more. If that was a mistake, run \`${redriveCommand({ agencyId, leadId })}\`: what is done already is not done again.`,
        subject: { kind: 'lead', id: leadId },
        workflowId: leadIntakeWorkflowId(agencyId, leadId),
        failedAt: askedForAt(),
      });
    });
  }

  return { recordUnroutable, recordStepFailure, recordCancelled };
}

import { addDeadLetter } from '../db/dead-letters.ts';
import { withScope } from '../db/scope.ts';
import { leadIntakeWorkflowId } from '../domain/workflow-ids.ts';
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
  /** The lead cannot be taken in: its workflow fails, and an operator hears of it. Repeatable. */
  async function recordUnroutable({ agencyId, leadId, cause }: LeadArgs & { cause: string }): Promise<void> {
    await withScope(deps.db, { agencyId }, async (tx) => {
      const lead = await lockKnownLead(tx, leadId);
      await addDeadLetter(tx, {
        agencyId,
        locationId: lead.intake_location_id,
        capability: 'lead-intake',
        cause: `unroutable:${cause}`,
        advice: `The lead could not be routed (${cause}). Look at its event; when the cause is mended, reset its workflow to its first task.`,
        subject: { kind: 'lead', id: leadId },
        workflowId: leadIntakeWorkflowId(agencyId, leadId),
      });
    });
  }

  /** A message to the lead could not be obeyed; the lead stays as it was and takes the next one. Repeatable. */
  async function recordStepFailure({ agencyId, leadId, step, cause }: StepFailure): Promise<void> {
    await withScope(deps.db, { agencyId }, async (tx) => {
      const lead = await lockKnownLead(tx, leadId);
      await addDeadLetter(tx, {
        agencyId,
        locationId: lead.location_id ?? lead.intake_location_id,
        capability: 'lead-intake',
        cause: `step:${step}:${cause}`,
        advice: `The step "${step}" of the lead failed for good (${cause}); the lead is as it was before. When the cause is mended, ask for the step again.`,
        subject: { kind: 'lead', id: leadId },
        workflowId: leadIntakeWorkflowId(agencyId, leadId),
      });
    });
  }

  return { recordUnroutable, recordStepFailure };
}

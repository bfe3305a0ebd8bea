import type { LeadChange } from '../domain/lead-change.ts';
import { leadIntakeWorkflowId } from '../domain/workflow-ids.ts';
import type { NewWork } from './event-capabilities.ts';

/** What asks a lead's workflow for something. */
export interface LeadWorkCause {
  agencyId: string;
  /** The row of the event, or the id of an operator's act. */
  causeId: string;
  /** Whose turn it takes in the inbox. */
  locationId: string | null;
}

type Planned = Omit<NewWork, 'dueAt'>;

/** A lead's start and all that happens to it share an ordering key: nothing overtakes the start. */
const leadWork = ({ agencyId, causeId, locationId }: LeadWorkCause, leadId: string) => ({
  agencyId,
  causeId,
  locationId,
  orderingKey: `lead:${leadId}`,
  workflowId: leadIntakeWorkflowId(agencyId, leadId),
});

export const leadStartWork = (cause: LeadWorkCause, leadId: string, source: string): Planned => ({
  ...leadWork(cause, leadId),
  capability: 'lead-intake',
  input: { agencyId: cause.agencyId, leadId, source },
});

export const leadChangeWork = (cause: LeadWorkCause, leadId: string, change: LeadChange): Planned => ({
  ...leadWork(cause, leadId),
  capability: 'lead-follow-up',
  input: { agencyId: cause.agencyId, leadId, change },
});

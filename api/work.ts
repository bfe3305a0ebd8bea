import { z } from 'zod';
import type { SwitchyardClient } from '../client.ts';
import type { NewWork, Work } from '../db/event-capabilities.ts';
import type { LeadChange } from '../domain/lead-change.ts';
import { accountSyncWorkflowId, leadIntakeWorkflowId } from '../domain/workflow-ids.ts';

/** The part of the client that the inbox needs. */
export type WorkClient = Pick<SwitchyardClient, 'startLeadIntake' | 'changeLead' | 'accountEvent' | 'isReachable'>;

/** What caused the work: the event's row. */
export interface Cause {
  eventRowId: string;
  receivedAt: Date;
  agencyId: string;
  locationId: string | null;
}

type Planned = Omit<NewWork, 'dueAt'>;

const commonOf = (cause: Cause) => ({
  causeId: cause.eventRowId,
  agencyId: cause.agencyId,
  locationId: cause.locationId,
});

/** A lead's start and all that happens to it share an ordering key: nothing overtakes the start. */
const leadWork = (cause: Cause, leadId: string) => ({
  ...commonOf(cause),
  orderingKey: `lead:${leadId}`,
  workflowId: leadIntakeWorkflowId(cause.agencyId, leadId),
});

export const leadStartWork = (cause: Cause, leadId: string, source: string): Planned => ({
  ...leadWork(cause, leadId),
  capability: 'lead-intake',
  input: { agencyId: cause.agencyId, leadId, source },
});

export const leadChangeWork = (cause: Cause, leadId: string, change: LeadChange): Planned => ({
  ...leadWork(cause, leadId),
  capability: 'lead-follow-up',
  input: { agencyId: cause.agencyId, leadId, change },
});

export function accountEventWork(cause: Cause): Planned {
  const workflowId = accountSyncWorkflowId(cause.agencyId, cause.locationId);
  const event = { eventRowId: cause.eventRowId, eventReceivedAt: cause.receivedAt.toISOString() };
  return {
    ...commonOf(cause),
    capability: 'account-sync',
    orderingKey: workflowId,
    workflowId,
    input: { agencyId: cause.agencyId, event },
  };
}

const leadRef = z.object({ agencyId: z.string(), leadId: z.string() });
const opportunity = z.object({ ghlContactId: z.string(), ghlOpportunityId: z.string() });
const leadChange: z.ZodType<LeadChange> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('contact-deleted'), ghlContactId: z.string() }),
  opportunity.extend({ kind: z.literal('opportunity-ended'), status: z.enum(['won', 'lost', 'abandoned']) }),
  opportunity.extend({ kind: z.literal('opportunity-deleted') }),
  z.object({ kind: z.literal('assigned-in-ghl'), ghlContactId: z.string(), ghlUserId: z.string() }),
  z.object({ kind: z.literal('location-uninstalled'), locationId: z.string() }),
  z.object({ kind: z.literal('rep-unavailable'), repId: z.string() }),
]);
const inputs = {
  'lead-intake': leadRef.extend({ source: z.string().default('redrive') }),
  'lead-follow-up': leadRef.extend({ change: leadChange }),
  'account-sync': z.object({
    agencyId: z.string(),
    event: z.object({ eventRowId: z.string(), eventReceivedAt: z.string() }),
  }),
};

/**
 * Hands work to Temporal. Repeating it is harmless: ids are deterministic and every effect is safe to repeat.
 * @throws TemporalUnavailableError; ZodError when the stored input is not what the capability takes
 */
export async function handOver(
  client: WorkClient,
  work: Pick<Work, 'capability' | 'agencyId' | 'locationId' | 'input'>,
): Promise<void> {
  switch (work.capability) {
    case 'lead-intake': {
      const lead = inputs[work.capability].parse(work.input);
      return client.startLeadIntake({ ...lead, locationId: work.locationId ?? work.agencyId });
    }
    case 'lead-follow-up':
      return client.changeLead(inputs[work.capability].parse(work.input));
    case 'account-sync':
      return client.accountEvent({ ...inputs[work.capability].parse(work.input), locationId: work.locationId });
  }
}

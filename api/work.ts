import { z } from 'zod';
import type { SwitchyardClient } from '../client.ts';
import type { NewWork, Work } from '../db/event-capabilities.ts';
import type { LeadWorkCause } from '../db/lead-work.ts';
import { contactChangeSchema } from '../domain/contact-change-schema.ts';
import type { LeadChange } from '../domain/lead-change.ts';
import { accountSyncWorkflowId, agencyConnectWorkflowId } from '../domain/workflow-ids.ts';
import { inSpan, SpanKind } from '../tracing/trace.ts';

/** The part of the client that the inbox needs. */
export type WorkClient = Pick<
  SwitchyardClient,
  | 'startLeadIntake'
  | 'changeLead'
  | 'accountEvent'
  | 'contactChanged'
  | 'contactEdited'
  | 'startContactMerge'
  | 'startAgencyConnect'
  | 'startBackfillRun'
  | 'startNotification'
  | 'isReachable'
>;

type Planned = Omit<NewWork, 'dueAt'>;
type Handed = Pick<Work, 'capability' | 'agencyId' | 'locationId' | 'workflowId' | 'input'> &
  Partial<Pick<Work, 'traceparent'>>;

/** @param needsReread the event does not tell enough: its contact or opportunity is to be read from GHL */
export function accountEventWork(cause: LeadWorkCause & { receivedAt: Date }, needsReread: boolean): Planned {
  const { agencyId, causeId, locationId, receivedAt } = cause;
  const workflowId = accountSyncWorkflowId(agencyId, locationId);
  const event = {
    eventRowId: causeId,
    eventReceivedAt: receivedAt.toISOString(),
    ...(needsReread && { needsReread }),
  };
  return {
    agencyId,
    causeId,
    locationId,
    capability: 'account-sync',
    orderingKey: workflowId,
    workflowId,
    input: { agencyId, event },
  };
}

const leadRef = z.object({ agencyId: z.string(), leadId: z.string() });
const time = z.string().optional();
const opportunity = z.object({
  ghlContactId: z.string(),
  ghlOpportunityId: z.string(),
  createdAt: time,
  occurredAt: time,
});
const leadChange: z.ZodType<LeadChange> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('contact-deleted'), ghlContactId: z.string() }),
  opportunity.extend({ kind: z.literal('opportunity-ended'), status: z.enum(['won', 'lost', 'abandoned']) }),
  opportunity.extend({ kind: z.literal('opportunity-deleted') }),
  z.object({ kind: z.literal('assigned-in-ghl'), ghlContactId: z.string(), ghlUserId: z.string() }),
  z.object({ kind: z.literal('location-uninstalled'), locationId: z.string() }),
  z.object({ kind: z.literal('location-connected') }),
  z.object({ kind: z.literal('rep-unavailable'), repId: z.string() }),
]);
const contactChanged = z.object({ agencyId: z.string(), locationId: z.string(), change: contactChangeSchema });
const inputs = {
  'lead-intake': leadRef.extend({ source: z.string().default('redrive') }),
  'lead-follow-up': leadRef.extend({ change: leadChange }),
  'account-sync': z.object({
    agencyId: z.string(),
    event: z.object({ eventRowId: z.string(), eventReceivedAt: z.string(), needsReread: z.boolean().optional() }),
  }),
  'contact-sync': z.union([
    contactChanged,
    z.object({ agencyId: z.string(), locationId: z.string(), contactKey: z.string(), editedContactId: z.string() }),
    z.object({ agencyId: z.string(), locationId: z.string(), mergeId: z.string() }),
  ]),
  'agency-connect': z.object({ agencyId: z.string(), linkId: z.string() }),
  backfill: z.object({ agencyId: z.string(), runId: z.string() }),
  notification: z.object({ agencyId: z.string(), noticeId: z.string(), redriveId: z.string().optional() }),
};

/** What one link brought back from GHL's page. */
export const agencyConnectWork = ({ agencyId, linkId }: { agencyId: string; linkId: string }): Planned => ({
  agencyId,
  causeId: linkId,
  locationId: null,
  capability: 'agency-connect',
  orderingKey: `connect:${linkId}`,
  workflowId: agencyConnectWorkflowId(agencyId, linkId),
  input: { agencyId, linkId },
});

/** How much of one contact is told at once: a signal must stay small. */
const TOLD_AT_ONCE = 200;

/** Work that can be handed over together: what is to be read of one contact. All else goes alone. */
export function gatherWork<Item extends Pick<Work, 'capability' | 'workflowId' | 'input'>>(
  work: Item[],
): [Item, ...Item[]][] {
  const groups: [Item, ...Item[]][] = [];
  const open = new Map<string, Item[]>();
  for (const item of work) {
    const isChange = item.capability === 'contact-sync' && 'change' in item.input;
    const group = isChange ? open.get(item.workflowId) : undefined;
    if (group && group.length < TOLD_AT_ONCE) {
      group.push(item);
      continue;
    }
    const started: [Item, ...Item[]] = [item];
    groups.push(started);
    if (isChange) open.set(item.workflowId, started);
  }
  return groups;
}

/**
 * Hands work to Temporal. Repeating it is harmless: ids are deterministic and every effect is safe to repeat.
 * @param work one, or what gatherWork put together
 * @throws TemporalUnavailableError; ZodError when the stored input is not what the capability takes
 */
export async function handOver(client: WorkClient, work: readonly [Handed, ...Handed[]]): Promise<void> {
  const [{ capability, workflowId, traceparent }, ...more] = work;
  const options = {
    kind: SpanKind.PRODUCER,
    attributes: { 'temporal.workflow_id': workflowId },
    ...(traceparent && { parent: traceparent }),
    links: more.map((other) => other.traceparent ?? null),
  };
  await inSpan(`hand over ${capability}`, options, () => tellTemporal(client, work));
}

async function tellTemporal(client: WorkClient, [work, ...more]: readonly [Handed, ...Handed[]]): Promise<void> {
  switch (work.capability) {
    case 'lead-intake': {
      const lead = inputs[work.capability].parse(work.input);
      return client.startLeadIntake({ ...lead, locationId: work.locationId ?? work.agencyId });
    }
    case 'lead-follow-up':
      return client.changeLead(inputs[work.capability].parse(work.input));
    case 'account-sync':
      return client.accountEvent({ ...inputs[work.capability].parse(work.input), locationId: work.locationId });
    case 'contact-sync': {
      const of = inputs[work.capability].parse(work.input);
      if ('change' in of) {
        const { agencyId, locationId, change } = of;
        const changes = [change, ...more.map(({ input }) => contactChanged.parse(input).change)] as const;
        return client.contactChanged({ agencyId, locationId, changes, gatherMs: 0 });
      }
      return 'mergeId' in of ? client.startContactMerge(of) : client.contactEdited(of);
    }
    case 'agency-connect':
      return client.startAgencyConnect(inputs[work.capability].parse(work.input));
    case 'backfill':
      return client.startBackfillRun(inputs[work.capability].parse(work.input));
    case 'notification':
      return client.startNotification({ ...inputs[work.capability].parse(work.input), locationId: work.locationId });
  }
}

import type { Transaction } from 'kysely';
import {
  type ContactFacts,
  decideContactLead,
  isSeenByTriggers,
  judgeFirstSight,
  matchTrigger,
  mayChangeLeads,
  type OpportunityFacts,
  planLeadChange,
} from '../domain/event-plan.ts';
import { decideContactReread, decideOpportunityReread } from '../domain/event-reread.ts';
import type { LeadChange } from '../domain/lead-change.ts';
import { type ConcernedLead, hasOpenLeads, isOwnContact, listLeadsOfGhlContact } from './lead-intake.ts';
import { type LeadTrigger, listLeadTriggers } from './lead-triggers.ts';
import { findContactOfOpportunity } from './opportunity-contacts.ts';
import type { Database } from './schema.ts';
import type { IntakeAccount } from './tenants.ts';
import { noteTriggerObservation } from './trigger-observations.ts';

type Tx = Transaction<Database>;
type Trigger = LeadTrigger & { createdAt: Date };

/** When we got the event, and which time its view of the contact or opportunity belongs to. */
export interface EventTimes {
  receivedAt: Date;
  observedAt: Date;
}

/** What an event of a contact or opportunity asks for. */
export interface FollowPlan {
  lead?: { key: string; triggerName: string | null; sourceContactId: string };
  changes: { leadId: string; change: LeadChange }[];
  /** The contact or opportunity must be read from GHL before all of this can be told. */
  needsReread: boolean;
}

/**
 * Finds out what an event asks for, and remembers what triggers saw of its contact. Intake asks when the event comes,
 * and an activity asks again when GHL had to be read first. Needs the intake role or the scope of the account's agency.
 */
export function planEvent(
  tx: Tx,
  facts: ContactFacts | OpportunityFacts,
  account: IntakeAccount,
  times: EventTimes,
): Promise<FollowPlan> {
  return facts.kind === 'contact'
    ? planContactEvent(tx, facts, account, times)
    : planOpportunityEvent(tx, facts, account, times);
}

async function planContactEvent(
  tx: Tx,
  contact: ContactFacts,
  account: IntakeAccount,
  times: EventTimes,
): Promise<FollowPlan> {
  const { agencyId, locationId } = account;
  const { ghlContactId } = contact;
  // Other events, which are many, cost no look-up.
  const concerned = mayChangeLeads(contact) ? await listLeadsOfGhlContact(tx, agencyId, ghlContactId) : [];
  const triggers = isSeenByTriggers(account, contact) ? await listLeadTriggers(tx, locationId) : [];
  const lead = await planContactLead(tx, contact, account, triggers, times);
  return {
    ...(lead && { lead }),
    changes: changesOf(contact, ghlContactId, concerned, times.observedAt),
    needsReread: decideContactReread(contact, account, { concerned, hasTriggers: triggers.length > 0 }).isNeeded,
  };
}

async function planOpportunityEvent(
  tx: Tx,
  opportunity: OpportunityFacts,
  { agencyId, locationId }: IntakeAccount,
  { observedAt }: EventTimes,
): Promise<FollowPlan> {
  if (!mayChangeLeads(opportunity)) return { changes: [], needsReread: false };
  const { ghlOpportunityId } = opportunity;
  const contactId =
    opportunity.ghlContactId ?? (await findContactOfOpportunity(tx, agencyId, ghlOpportunityId)) ?? null;
  const concerned = contactId === null ? [] : await listLeadsOfGhlContact(tx, agencyId, contactId);
  const isOpenHere = contactId === null && (await hasOpenLeads(tx, locationId));
  const reread = decideOpportunityReread(opportunity, { contactId, concerned, hasOpenLeads: isOpenHere });
  // Told once, by what GHL answers.
  if (contactId === null || reread.isNeeded) return { changes: [], needsReread: reread.isNeeded };
  return { changes: changesOf(opportunity, contactId, concerned, observedAt), needsReread: false };
}

const changesOf = (
  facts: ContactFacts | OpportunityFacts,
  contactId: string,
  concerned: ConcernedLead[],
  occurredAt: Date,
): FollowPlan['changes'] =>
  concerned.flatMap((lead) => {
    const change = planLeadChange(facts, contactId, lead, occurredAt);
    return change ? [{ leadId: lead.leadId, change }] : [];
  });

async function planContactLead(
  tx: Tx,
  contact: ContactFacts,
  account: IntakeAccount,
  triggers: Trigger[],
  { receivedAt, observedAt }: EventTimes,
): Promise<FollowPlan['lead']> {
  // Only a creation can be our own echo.
  const mayBeOwn = contact.type === 'ContactCreate' && isSeenByTriggers(account, contact);
  const isOwn = mayBeOwn && (await isOwnContact(tx, account.agencyId, contact.ghlContactId));
  const { isLead } = decideContactLead(account, contact, { isOwnContact: isOwn, receivedAt });
  const triggered = await observeTriggers(tx, contact, account, triggers, observedAt);
  const key = `contact:${contact.ghlContactId}`;
  const sourceContactId = contact.ghlContactId;
  if (isLead) return { key, triggerName: null, sourceContactId };
  if (!triggered || account.liveAt === null) return undefined;
  const { name, occurrence } = triggered;
  return { key: `${key}:trigger:${name}:${occurrence}`, triggerName: name, sourceContactId };
}

/** Every trigger remembers what it saw; an event asks for one lead at most, however many triggers it fits. */
async function observeTriggers(
  tx: Tx,
  contact: ContactFacts,
  account: IntakeAccount,
  triggers: Trigger[],
  observedAt: Date,
): Promise<{ name: string; occurrence: number } | undefined> {
  let first: { name: string; occurrence: number } | undefined;
  for (const trigger of triggers) {
    const matched = matchTrigger(trigger, contact);
    const { sight } = judgeFirstSight(account, contact, trigger, observedAt);
    if (matched === undefined || sight === 'nothing') continue;
    const occurrence = await noteTriggerObservation(tx, {
      triggerId: trigger.id,
      agencyId: account.agencyId,
      ghlContactId: contact.ghlContactId,
      matched,
      mayBeStep: sight === 'step',
      observedAt,
    });
    if (occurrence !== undefined) first ??= { name: trigger.name, occurrence };
  }
  return first;
}

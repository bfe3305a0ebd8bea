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
import { lookAtContacts } from './contact-look.ts';
import {
  type AgencyContact,
  type ConcernedLead,
  listLeadsOfGhlContacts,
  listLocationsWithOpenLeads,
} from './lead-intake.ts';
import type { LeadTrigger } from './lead-triggers.ts';
import { inLockOrder } from './lock-order.ts';
import { listContactsOfOpportunities } from './opportunity-contacts.ts';
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

/** An event of an account that is known. */
export interface PlannedEvent {
  facts: ContactFacts | OpportunityFacts;
  account: IntakeAccount;
  times: EventTimes;
}

/**
 * Finds out what events ask for, and remembers what triggers saw of their contacts. Intake asks when they come, and an
 * activity asks again when GHL had to be read first. Needs the intake role or the scope of the accounts' agency.
 * @param events of which no two are of one contact: what one of them changes the others do not see
 * @returns what each asks for, in their order
 */
export async function planEvents(tx: Tx, events: readonly PlannedEvent[]): Promise<FollowPlan[]> {
  const plans = events.map((): FollowPlan => ({ changes: [], needsReread: false }));
  const numbered = events.map((event, index) => ({ ...event, index }));
  const contacts = numbered.flatMap((each) => (each.facts.kind === 'contact' ? [{ ...each, facts: each.facts }] : []));
  const opportunities = numbered.flatMap((each) =>
    each.facts.kind === 'opportunity' && mayChangeLeads(each.facts) ? [{ ...each, facts: each.facts }] : [],
  );
  for (const { index, plan } of await planContactEvents(tx, contacts)) plans[index] = plan;
  for (const { index, plan } of await planOpportunityEvents(tx, opportunities)) plans[index] = plan;
  return plans;
}

type Numbered<Facts> = PlannedEvent & { facts: Facts; index: number };
type NumberedPlan = { index: number; plan: FollowPlan };

async function planContactEvents(tx: Tx, events: readonly Numbered<ContactFacts>[]): Promise<NumberedPlan[]> {
  const isSeen = ({ account, facts }: PlannedEvent & { facts: ContactFacts }) => isSeenByTriggers(account, facts);
  // Other events, which are many, cost no look-up.
  const changed = events.filter(({ facts }) => mayChangeLeads(facts));
  // Only a creation can be our own echo.
  const created = events.filter((each) => each.facts.type === 'ContactCreate' && isSeen(each));
  const sight = await lookAtContacts(tx, {
    changed: changed.map(contactOf),
    created: created.map(contactOf),
    locationIds: [...new Set(events.filter(isSeen).map(({ account }) => account.locationId))],
  });
  const concerned = new Map(changed.map(({ index }, turn) => [index, sight.concerned[turn]!]));
  const own = new Map(created.map(({ index }, turn) => [index, sight.own[turn]!]));
  const { triggers } = sight;
  const triggered = await observeTriggers(
    tx,
    events.filter(isSeen).map((each) => ({ ...each, triggers: triggers.get(each.account.locationId) ?? [] })),
  );
  return events.map(({ facts, account, times, index }) => {
    const ofContact = concerned.get(index) ?? [];
    const { isLead } = decideContactLead(account, facts, {
      isOwnContact: own.get(index) ?? false,
      receivedAt: times.receivedAt,
    });
    const lead = leadOf(facts, account, isLead, triggered.get(index));
    const hasTriggers = isSeen({ facts, account, times }) && triggers.has(account.locationId);
    const plan: FollowPlan = {
      ...(lead && { lead }),
      changes: changesOf(facts, facts.ghlContactId, ofContact, times.observedAt),
      needsReread: decideContactReread(facts, account, { concerned: ofContact, hasTriggers }).isNeeded,
    };
    return { index, plan };
  });
}

/** Asks for some of the events at once. @returns the answers by the events' numbers */
async function lookUp<Event extends { index: number }, Answer>(
  events: readonly Event[],
  isConcerned: (event: Event) => boolean,
  ask: (some: Event[]) => Promise<Answer[]>,
): Promise<Map<number, Answer>> {
  const some = events.filter(isConcerned);
  const answers = await ask(some);
  return new Map(some.map(({ index }, turn) => [index, answers[turn]!]));
}

const contactOf = ({ account, facts }: { account: IntakeAccount; facts: ContactFacts }): AgencyContact => ({
  agencyId: account.agencyId,
  ghlContactId: facts.ghlContactId,
});

async function planOpportunityEvents(tx: Tx, events: readonly Numbered<OpportunityFacts>[]): Promise<NumberedPlan[]> {
  const found = await lookUp(
    events,
    ({ facts }) => facts.ghlContactId === null,
    (some) =>
      listContactsOfOpportunities(
        tx,
        some.map(({ account, facts }) => ({ agencyId: account.agencyId, ghlOpportunityId: facts.ghlOpportunityId })),
      ),
  );
  const named = events.map((each) => ({
    ...each,
    contactId: each.facts.ghlContactId ?? found.get(each.index) ?? null,
  }));
  const concerned = await lookUp(
    named,
    ({ contactId }) => contactId !== null,
    (some) =>
      listLeadsOfGhlContacts(
        tx,
        some.map(({ account, contactId }) => ({ agencyId: account.agencyId, ghlContactId: contactId! })),
      ),
  );
  const nameless = named.filter(({ contactId }) => contactId === null).map(({ account }) => account.locationId);
  const open = await listLocationsWithOpenLeads(tx, nameless);
  return named.map(({ facts, account, times, contactId, index }) => {
    const ofContact = concerned.get(index) ?? [];
    const hasOpenLeads = open.has(account.locationId);
    const reread = decideOpportunityReread(facts, { contactId, concerned: ofContact, hasOpenLeads });
    // Told once, by what GHL answers.
    const isTold = contactId !== null && !reread.isNeeded;
    const changes = isTold ? changesOf(facts, contactId, ofContact, times.observedAt) : [];
    return { index, plan: { changes, needsReread: reread.isNeeded } };
  });
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

interface Triggered {
  name: string;
  occurrence: number;
}

function leadOf(
  { ghlContactId }: ContactFacts,
  account: IntakeAccount,
  isLead: boolean,
  triggered: Triggered | undefined,
): FollowPlan['lead'] {
  const key = `contact:${ghlContactId}`;
  if (isLead) return { key, triggerName: null, sourceContactId: ghlContactId };
  if (!triggered || account.liveAt === null) return undefined;
  const { name, occurrence } = triggered;
  return { key: `${key}:trigger:${name}:${occurrence}`, triggerName: name, sourceContactId: ghlContactId };
}

/**
 * Every trigger remembers what it saw; an event asks for one lead at most, however many triggers it fits.
 * @returns for which trigger it asks, by the events' numbers
 */
async function observeTriggers(
  tx: Tx,
  events: readonly (Numbered<ContactFacts> & { triggers: Trigger[] })[],
): Promise<Map<number, Triggered>> {
  const first = new Map<number, Triggered>();
  const concerned = events.filter(({ triggers }) => triggers.length > 0);
  // What a trigger remembers of a contact is locked.
  for (const { facts, account, times, triggers, index } of inLockOrder(concerned, ({ facts }) => facts.ghlContactId)) {
    for (const trigger of triggers) {
      const matched = matchTrigger(trigger, facts);
      const { sight } = judgeFirstSight(account, facts, trigger, times.observedAt);
      if (matched === undefined || sight === 'nothing') continue;
      const occurrence = await noteTriggerObservation(tx, {
        triggerId: trigger.id,
        agencyId: account.agencyId,
        ghlContactId: facts.ghlContactId,
        matched,
        mayBeStep: sight === 'step',
        observedAt: times.observedAt,
      });
      if (occurrence !== undefined && !first.has(index)) first.set(index, { name: trigger.name, occurrence });
    }
  }
  return first;
}

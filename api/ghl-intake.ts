import type { Transaction } from 'kysely';
import { isOwnContact, listLeadsOfGhlContact } from '../db/lead-intake.ts';
import { listLeadTriggers } from '../db/lead-triggers.ts';
import { findContactOfOpportunity } from '../db/opportunity-contacts.ts';
import type { Database } from '../db/schema.ts';
import { noteTriggerObservation } from '../db/trigger-observations.ts';
import { findAccountOfGhlLocation, findAgencyOfGhlCompany, type IntakeAccount } from '../db/tenants.ts';
import {
  type ContactFacts,
  decideContactLead,
  type EventFacts,
  isNewToTriggers,
  isSeenByTriggers,
  matchTrigger,
  mayChangeLeads,
  planLeadChange,
} from '../domain/event-plan.ts';
import type { EventIntake, EventOwner, EventPlan, Receipt } from './event-intake.ts';
import type { GhlDelivery } from './ghl-delivery.ts';

type Tx = Transaction<Database>;
/** When we got the event, and which time its view of the contact belongs to. */
interface Times {
  receivedAt: Date;
  observedAt: Date;
}
type GhlOwner = EventOwner & { account: IntakeAccount | undefined };

/** Takes a delivery of GHL in: whose it is, whether it is new, and what it asks for. */
export function takeGhlDelivery(intake: EventIntake, delivery: GhlDelivery, body: Buffer): Promise<Receipt> {
  const { key, type, ghlLocationId, ghlContactId, occurredAt } = delivery;
  return intake.take<GhlOwner>({
    source: 'ghl',
    key,
    type,
    ghlLocationId,
    ghlContactId,
    occurredAt,
    body,
    findOwner: (tx) => findOwner(tx, delivery),
    async plan(tx, owner, { rowId, receivedAt }) {
      if (owner.status === 'unparseable') return { deadLetter: unreadableLetter(delivery, rowId) };
      if (owner.status === 'unknown-tenant') return planUnknownTenant(delivery);
      if (delivery.facts.kind === 'account') return { isAccountEvent: true };
      // Late deliveries must not undo what a newer one showed; a clock that runs ahead must not win either.
      const at = new Date(Math.min((occurredAt ?? receivedAt).getTime(), receivedAt.getTime()));
      return planForAccount(tx, delivery.facts, owner.account, { receivedAt, observedAt: at });
    },
  });
}

async function findOwner(tx: Tx, delivery: GhlDelivery): Promise<GhlOwner> {
  const { ghlLocationId, ghlCompanyId, unreadable } = delivery;
  const account = ghlLocationId === null ? undefined : await findAccountOfGhlLocation(tx, ghlLocationId);
  // The workflow that follows an INSTALL makes the location; every other event needs one that we know.
  const mayComeByCompany = ghlLocationId === null || delivery.isInstall;
  const companyAgencyId = account || ghlCompanyId === null ? undefined : await findAgencyOfGhlCompany(tx, ghlCompanyId);
  const agencyId = account?.agencyId ?? companyAgencyId ?? null;
  const isKnown = account !== undefined || (companyAgencyId !== undefined && mayComeByCompany);
  const statusOfReadable = !isKnown ? 'unknown-tenant' : delivery.isListed ? 'accepted' : 'ignored';
  return {
    agencyId,
    locationId: account?.locationId ?? null,
    status: unreadable === null ? statusOfReadable : 'unparseable',
    account,
  };
}

const unreadableLetter = (delivery: GhlDelivery, rowId: string): NonNullable<EventPlan['deadLetter']> => ({
  cause: `unparseable:${delivery.unreadable}`,
  advice: `A signed delivery of type ${delivery.type} could not be read (${delivery.unreadable}). Its body is kept: compare it with GHL's schema, and look at the record in GHL.`,
  subject: { kind: 'event', id: rowId },
});

/** One letter a location or company, however many events it sends. What nothing acts on needs none. */
function planUnknownTenant({ ghlLocationId, ghlCompanyId, facts }: GhlDelivery): EventPlan {
  const subject = ghlLocationId ?? ghlCompanyId;
  if (subject === null && facts.kind === 'other') return {};
  return {
    deadLetter: {
      cause: 'unknown-tenant',
      advice:
        'GHL sends events of an account that no agency has. Add it with `cli locations add`, or uninstall the app there; then have GHL deliver again from its log of webhooks.',
      subject: { kind: 'ghl-account', id: subject ?? 'none' },
    },
  };
}

async function planForAccount(
  tx: Tx,
  facts: EventFacts,
  account: IntakeAccount | undefined,
  times: Times,
): Promise<EventPlan> {
  if (!account) return {};
  const changes = mayChangeLeads(facts) ? await planChanges(tx, account.agencyId, facts) : [];
  const lead = facts.kind === 'contact' ? await planContactLead(tx, facts, account, times) : undefined;
  return { changes, ...(lead && { lead }) };
}

async function planChanges(
  tx: Tx,
  agencyId: string,
  facts: Parameters<typeof planLeadChange>[0],
): Promise<NonNullable<EventPlan['changes']>> {
  const contactId =
    facts.kind === 'opportunity' && facts.ghlContactId === null
      ? await findContactOfOpportunity(tx, agencyId, facts.ghlOpportunityId)
      : facts.ghlContactId;
  if (!contactId) return [];
  const concerned = await listLeadsOfGhlContact(tx, agencyId, contactId);
  return concerned.flatMap((lead) => {
    const change = planLeadChange(facts, contactId, lead);
    return change ? [{ leadId: lead.leadId, change }] : [];
  });
}

async function planContactLead(
  tx: Tx,
  contact: ContactFacts,
  account: IntakeAccount,
  { receivedAt, observedAt }: Times,
): Promise<EventPlan['lead']> {
  const isWatched = isSeenByTriggers(account, contact);
  // Only a creation can be our own echo; updates, which are many, cost no look-up.
  const isOwn =
    contact.type === 'ContactCreate' && isWatched && (await isOwnContact(tx, account.agencyId, contact.ghlContactId));
  const { isLead } = decideContactLead(account, contact, { isOwnContact: isOwn, receivedAt });
  const triggered = isWatched ? await observeTriggers(tx, contact, account, observedAt) : undefined;
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
  observedAt: Date,
): Promise<{ name: string; occurrence: number } | undefined> {
  let first: { name: string; occurrence: number } | undefined;
  for (const trigger of await listLeadTriggers(tx, account.locationId)) {
    const matched = matchTrigger(trigger, contact);
    if (matched === undefined) continue;
    const occurrence = await noteTriggerObservation(tx, {
      triggerId: trigger.id,
      agencyId: account.agencyId,
      ghlContactId: contact.ghlContactId,
      matched,
      isNewContact: isNewToTriggers(account, contact),
      observedAt,
    });
    if (occurrence !== undefined) first ??= { name: trigger.name, occurrence };
  }
  return first;
}

import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Transaction } from 'kysely';
import { seal } from '../crypto/seal.ts';
import { addWork } from '../db/event-capabilities.ts';
import type { EventTimes } from '../db/event-plans.ts';
import { findEvent, replaceEventBody } from '../db/events.ts';
import { findGhlAddress } from '../db/locations.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { findIntakeAccount, type IntakeAccount } from '../db/tenants.ts';
import type { AccountEvent } from '../domain/account-event.ts';
import type { ContactFacts, OpportunityFacts } from '../domain/event-plan.ts';
import { readGhlTime } from '../domain/ghl-time.ts';
import type { GhlCalls, LocationCall } from '../ghl/calls.ts';
import { getContact } from '../ghl/contacts.ts';
import type { GhlContact } from '../ghl/contact-schema.ts';
import { GhlNotFoundError } from '../ghl/errors.ts';
import type { GhlOpportunity } from '../ghl/opportunity-schema.ts';
import { getOpportunity } from '../ghl/opportunities.ts';
import { type GhlEvent, parseGhlEvent } from '../ghl/webhooks.ts';
import { namedEvent } from './account-sync.ts';
import type { StoreDeps } from './dependencies.ts';
import { followChange } from './follow-change.ts';
import { talkingToGhl } from './ghl-step.ts';
import { readStoredBody } from './stored-body.ts';

export interface RereadArgs {
  agencyId: string;
  event: AccountEvent;
}

/** `gone`: the record was deleted since, which has an event of its own. */
export type RereadOutcome = 'followed' | 'gone';

/** A contact or opportunity as GHL shows it now: in the place of the event's body, and as planning sees it. */
interface Whole {
  body: Record<string, unknown>;
  facts: ContactFacts | OpportunityFacts;
}

export function createEventReread(deps: StoreDeps & { ghl: GhlCalls }) {
  /**
   * Reads the contact or opportunity of an event that did not tell enough, and follows the event as if it had come
   * whole: leads hear of it, triggers see it. Repeatable: the stored body is whole then, and is not read again; it
   * counts as seen when the event came, so that nothing newer is undone by it.
   * @throws ApplicationFailure of GHL; final: AccountEventMalformed, AccountEventGone, AccountEventUnreadable,
   * LocationNotConnected, and OpportunityGone or OpportunityIncomplete when not even GHL can tell
   */
  async function rereadEvent(args: RereadArgs): Promise<RereadOutcome> {
    const { event, account, address } = await readStored(args);
    const { rowId, receivedAt } = namedEvent(args.event);
    const scope = { agencyId: args.agencyId };
    const told = factsOf(event);
    if (told) {
      await withScope(deps.db, scope, (tx) => follow(tx, told, account, { rowId, receivedAt, observedAt: receivedAt }));
      return 'followed';
    }
    const call: LocationCall = {
      resource: { kind: 'location', ...address },
      lane: 'sync',
      signal: Context.current().cancellationSignal,
    };
    const whole = await talkingToGhl(() => readWhole(deps.ghl, call, event), 'wait');
    if (whole === 'gone') return 'gone';
    await withScope(deps.db, scope, async (tx) => {
      const body = { ...whole.body, type: event.type, locationId: address.ghlLocationId };
      const owner = { agencyId: args.agencyId, locationId: account.locationId, purpose: 'event-body' };
      await replaceEventBody(tx, rowId, receivedAt, seal(deps.keys, Buffer.from(JSON.stringify(body)), owner));
      await follow(tx, whole.facts, account, { rowId, receivedAt, observedAt: deps.now() });
    });
    return 'followed';
  }

  async function readStored({ agencyId, event: named }: RereadArgs) {
    const { rowId, receivedAt } = namedEvent(named);
    return withScope(deps.db, { agencyId }, async (tx) => {
      const stored = await findEvent(tx, rowId, receivedAt);
      if (!stored?.body) throw ApplicationFailure.nonRetryable('the event is gone', 'AccountEventGone');
      const parsed = parseGhlEvent(readStoredBody(deps.keys, stored, stored.body));
      const account = stored.locationId === null ? undefined : await findIntakeAccount(tx, agencyId, stored.locationId);
      if (parsed.outcome !== 'event' || !account) {
        throw ApplicationFailure.nonRetryable('no event of a contact or opportunity', 'AccountEventUnreadable');
      }
      const address = await findGhlAddress(tx, account.locationId);
      if (!address) {
        throw ApplicationFailure.nonRetryable('the location is not connected to GHL', 'LocationNotConnected');
      }
      return { event: parsed.event, account, address };
    });
  }

  async function follow(
    tx: Transaction<Database>,
    facts: ContactFacts | OpportunityFacts,
    account: IntakeAccount,
    by: EventTimes & { rowId: string },
  ): Promise<void> {
    await addWork(tx, await followChange(tx, facts, account, { ...by, source: 'ghl', now: deps.now() }));
  }

  return { rereadEvent };
}

type ContactEvent = Extract<GhlEvent, { tags: string[] }>;
type OpportunityEvent = Extract<GhlEvent, { pipelineId: string | null }>;

const isOfOpportunity = (event: GhlEvent): event is OpportunityEvent => event.type.startsWith('Opportunity');
const isOfContact = (event: GhlEvent): event is ContactEvent => event.type.startsWith('Contact');

const contactFacts = (
  type: string,
  { id, dateAdded, source, assignedTo, tags, customFields }: Omit<ContactEvent, 'type'> | GhlContact,
): ContactFacts => {
  const contactCreatedAt = readGhlTime(dateAdded);
  const told = { contactCreatedAt, source, assignedTo, tags, customFields, isCut: false };
  return { kind: 'contact', type, ghlContactId: id, ...told };
};

/** Undefined where contact or age is missing. */
const opportunityFacts = (
  type: string,
  { id, contactId, status, assignedTo }: Omit<OpportunityEvent, 'type'> | GhlOpportunity,
  createdAt: string | null,
): OpportunityFacts | undefined => {
  const opportunityCreatedAt = readGhlTime(createdAt);
  if (contactId === null || opportunityCreatedAt === null) return undefined;
  const told = { ghlContactId: contactId, opportunityCreatedAt, status, assignedTo, isCut: false };
  return { kind: 'opportunity', type, ghlOpportunityId: id, ...told };
};

/** What the stored body tells when it is whole: it was read before, here or for the lead that the event made. */
function factsOf(event: GhlEvent): ContactFacts | OpportunityFacts | undefined {
  if (event.payloadTooLarge === true) return undefined;
  if (isOfContact(event)) return contactFacts(event.type, event);
  return isOfOpportunity(event) ? opportunityFacts(event.type, event, event.dateAdded) : undefined;
}

async function readWhole(ghl: GhlCalls, call: LocationCall, event: GhlEvent): Promise<Whole | 'gone'> {
  try {
    if (isOfContact(event)) return await readContact(ghl, call, event);
    if (isOfOpportunity(event)) return await readOpportunity(ghl, call, event);
  } catch (error) {
    if (!(error instanceof GhlNotFoundError) || error.reason !== 'not-found') throw error;
    if (event.type !== 'OpportunityDelete') return 'gone';
    throw ApplicationFailure.nonRetryable('nobody can tell whose the deleted opportunity was', 'OpportunityGone');
  }
  throw ApplicationFailure.nonRetryable('no event of a contact or opportunity', 'AccountEventUnreadable');
}

async function readContact(ghl: GhlCalls, call: LocationCall, { id, type }: ContactEvent): Promise<Whole> {
  const contact = await getContact(ghl, call, id);
  return { body: contact, facts: contactFacts(type, contact) };
}

async function readOpportunity(ghl: GhlCalls, call: LocationCall, { id, type }: OpportunityEvent): Promise<Whole> {
  const opportunity = await getOpportunity(ghl, call, id);
  const facts = opportunityFacts(type, opportunity, opportunity.createdAt);
  if (!facts) {
    throw ApplicationFailure.nonRetryable('GHL tells no contact or no age of the opportunity', 'OpportunityIncomplete');
  }
  return { body: { ...opportunity, dateAdded: opportunity.createdAt }, facts };
}

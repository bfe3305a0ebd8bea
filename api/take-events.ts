import type { Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { KeyProvider } from '../crypto/key-ring.ts';
import { seal } from '../crypto/seal.ts';
import { contactChangeWork } from '../db/contact-work.ts';
import { addDeadLetter } from '../db/dead-letters.ts';
import { commitWithWork, type NewWork } from '../db/event-capabilities.ts';
import { takeEvents } from '../db/events.ts';
import { createLeads } from '../db/lead-intake.ts';
import { leadChangeWork, leadStartWork } from '../db/lead-work.ts';
import { inLockOrder } from '../db/lock-order.ts';
import type { Database } from '../db/schema.ts';
import type { EventOwner, EventPlan, FreshEvent, Incoming, IntakeDoor, Receipt } from './intake-door.ts';
import type { StartSlot, Starts } from './starts.ts';
import { accountEventWork } from './work.ts';

type Tx = Transaction<Database>;

export interface Delivery {
  door: IntakeDoor<Incoming, EventOwner>;
  event: Incoming;
  /** The trace in which it came. */
  traceparent: string | null;
}

/** What is to be done once the event is stored for good. */
export interface Taken {
  receipt: Receipt;
  /** The start that this process makes itself. */
  start?: { slot: StartSlot; work: Omit<NewWork, 'dueAt'> };
  /** There is work that the relay hands over now. */
  wakesRelay: boolean;
}

/** The key of a lead that had to be new made one before. */
export class KnownLeadKeyError extends Error {
  readonly code = 'KnownLeadKey';
  constructor() {
    super('the key made a lead before');
    this.name = 'KnownLeadKeyError';
  }
}

export interface TakeEventsDeps {
  keys: KeyProvider;
  starts: Starts;
  /** How long what is to be read for the mirror waits for more of its contact, in milliseconds. */
  gatherMs: number;
  now: () => Date;
}

/** The process that took an event starts its workflow within these; after that the relay does. */
const START_WITHIN_MS = 3_000;

type Fresh = FreshEvent<Incoming, EventOwner> & { delivery: Delivery; at: number };
type Planned = Fresh & { plan: EventPlan; leadId: string | null };

/**
 * Stores events and all they ask for: one and many alike. Needs the intake role, and ends the transaction.
 * @param deliveries of which no two share a key or a contact
 * @returns what became of each, in their order; an error is the answer to that one alone, of which nothing is stored
 * @throws KnownLeadKeyError, and what Postgres throws: then the transaction must be undone
 */
export async function takeAll(
  tx: Tx,
  deps: TakeEventsDeps,
  deliveries: readonly Delivery[],
): Promise<(Taken | Error)[]> {
  const receivedAt = deps.now();
  const owners = await findOwners(tx, deliveries);
  const known = deliveries.flatMap((delivery, at): Fresh[] => {
    const owner = owners[at]!;
    return owner instanceof Error ? [] : [{ delivery, event: delivery.event, owner, rowId: uuidv7(), receivedAt, at }];
  });
  const taken = await takeEvents(
    tx,
    known.map((each) => rowOf(deps.keys, each)),
  );
  const fresh = known.filter(({ rowId }) => taken.has(rowId));
  const planned = await makeLeads(tx, fresh, await planAll(tx, fresh));
  await addLetters(tx, planned);

  const answers: (Taken | Error)[] = owners.map((owner) => (owner instanceof Error ? owner : new Error('not taken')));
  for (const each of known) answers[each.at] = { receipt: receiptOf(each, 'repeat', null), wakesRelay: false };
  const work: NewWork[] = [];
  for (const each of planned) {
    const asked = each.owner.agencyId === null ? [] : workOf(each, each.owner.agencyId, deps.gatherMs);
    const start = startOf(each, deps.starts);
    if (start)
      asked.push({ ...start.work, dueAt: new Date(receivedAt.getTime() + (start.slot ? START_WITHIN_MS : 0)) });
    work.push(...asked.map((item) => ({ ...item, traceparent: each.delivery.traceparent })));
    answers[each.at] = {
      receipt: receiptOf(each, 'taken', each.leadId),
      ...(start?.slot && { start: { slot: start.slot, work: start.work } }),
      // What is due later is found by the relay's own rounds: waking it now would have it look in vain.
      wakesRelay: asked.some(({ dueAt }) => dueAt <= receivedAt),
    };
  }
  try {
    await commitWithWork(tx, work);
  } catch (error) {
    releaseStarts(answers);
    throw error;
  }
  return answers;
}

/** Gives the places of starts back that will not be made. */
export function releaseStarts(answers: readonly (Taken | Error)[]): void {
  for (const answer of answers) if ('start' in answer) answer.start?.slot.release();
}

/** Asks each door for its own at once. */
async function askDoors<Item extends { delivery: Delivery }, Answer>(
  items: readonly Item[],
  ask: (door: Delivery['door'], some: Item[]) => Promise<Answer[]>,
): Promise<Answer[]> {
  const answers = new Map<Item, Answer>();
  for (const door of new Set(items.map(({ delivery }) => delivery.door))) {
    const some = items.filter(({ delivery }) => delivery.door === door);
    for (const [index, answer] of (await ask(door, some)).entries()) answers.set(some[index]!, answer);
  }
  return items.map((item) => answers.get(item)!);
}

const findOwners = (tx: Tx, deliveries: readonly Delivery[]): Promise<(EventOwner | Error)[]> =>
  askDoors(
    deliveries.map((delivery) => ({ delivery })),
    (door, some) =>
      door.findOwners(
        tx,
        some.map(({ delivery }) => delivery.event),
      ),
  );

const planAll = (tx: Tx, fresh: readonly Fresh[]): Promise<EventPlan[]> =>
  askDoors(fresh, (door, some) => door.plan(tx, some));

function rowOf(keys: KeyProvider, { event, owner, rowId, receivedAt }: Fresh) {
  const { key, body, ...told } = event;
  const { agencyId, locationId } = owner;
  const sealed = seal(keys, body, { agencyId, locationId, purpose: 'event-body' });
  return { ...told, ...owner, ...key, rowId, receivedAt, body: sealed };
}

const receiptOf = ({ owner, rowId }: Fresh, outcome: Receipt['outcome'], leadId: string | null): Receipt => {
  const { agencyId, locationId, status } = owner;
  return { outcome, status, rowId, agencyId, locationId, leadId };
};

async function makeLeads(tx: Tx, fresh: readonly Fresh[], plans: readonly EventPlan[]): Promise<Planned[]> {
  const planned = fresh.map((each, index): Planned => ({ ...each, plan: plans[index]!, leadId: null }));
  const wanted = planned.flatMap((each) => {
    const { owner, plan, event, rowId, receivedAt } = each;
    const { agencyId, locationId } = owner;
    if (!plan.lead || agencyId === null || locationId === null) return [];
    const { key, triggerName, sourceContactId } = plan.lead;
    const of = { agencyId, intakeLocationId: locationId, source: event.source, triggerName, sourceContactId };
    return [{ each, lead: { ...of, id: uuidv7(), key, eventRowId: rowId, eventReceivedAt: receivedAt } }];
  });
  const made = await createLeads(
    tx,
    wanted.map(({ lead }) => lead),
  );
  for (const { each, lead } of wanted) {
    if (made.has(lead.id)) each.leadId = lead.id;
    else if (each.plan.lead?.mustBeNew) throw new KnownLeadKeyError();
  }
  return planned;
}

async function addLetters(tx: Tx, planned: readonly Planned[]): Promise<void> {
  const letters = planned.flatMap(({ owner, plan }) => (plan.deadLetter ? [{ owner, ...plan.deadLetter }] : []));
  for (const { owner, ...letter } of inLockOrder(letters, ({ subject, cause }) => `${subject.id} ${cause}`)) {
    const { agencyId, locationId } = owner;
    await addDeadLetter(tx, { agencyId, locationId, capability: 'event-intake', workflowId: null, ...letter });
  }
}

/** What is asked of workflows that are there or are to read something; a lead's own start comes last. */
function workOf({ plan, owner, rowId, receivedAt }: Planned, agencyId: string, gatherMs: number): NewWork[] {
  const { locationId } = owner;
  const cause = { causeId: rowId, receivedAt, agencyId, locationId };
  const work: NewWork[] = (plan.changes ?? []).map(({ leadId, change }) => ({
    ...leadChangeWork(cause, leadId, change),
    dueAt: receivedAt,
  }));
  if (plan.isAccountEvent || plan.needsReread) {
    work.push({ ...accountEventWork(cause, plan.needsReread === true), dueAt: receivedAt });
  }
  if (plan.contactChange && locationId !== null) {
    const dueAt = new Date(receivedAt.getTime() + gatherMs);
    work.push({ ...contactChangeWork({ ...cause, locationId }, plan.contactChange), dueAt });
  }
  return work;
}

function startOf({ leadId, owner, rowId, event }: Planned, starts: Starts) {
  const { agencyId, locationId } = owner;
  if (leadId === null || agencyId === null) return undefined;
  const work = leadStartWork({ causeId: rowId, agencyId, locationId }, leadId, event.source);
  return { work, slot: starts.reserve() };
}

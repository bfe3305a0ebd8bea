import type { Kysely, Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { KeyProvider } from '../crypto/key-ring.ts';
import { seal } from '../crypto/seal.ts';
import { contactChangeWork } from '../db/contact-work.ts';
import { addDeadLetter, type NewDeadLetter } from '../db/dead-letters.ts';
import { addWork, type NewWork } from '../db/event-capabilities.ts';
import { type NewEvent, takeEvent } from '../db/events.ts';
import { createLead } from '../db/lead-intake.ts';
import { leadChangeWork, leadStartWork } from '../db/lead-work.ts';
import type { Database } from '../db/schema.ts';
import type { EventSource, EventStatus } from '../db/schema/events.ts';
import { withSystemRole } from '../db/scope.ts';
import { reopenUnclaimedEvent } from '../db/unclaimed-events.ts';
import type { ContactChange } from '../domain/contact-change.ts';
import type { LeadChange } from '../domain/lead-change.ts';
import type { EventKey } from './event-key.ts';
import { countEvent, type Metrics } from './metrics.ts';
import type { StartSlot, Starts } from './starts.ts';
import { accountEventWork } from './work.ts';

type Tx = Transaction<Database>;

export interface EventOwner {
  agencyId: string | null;
  locationId: string | null;
  status: EventStatus;
}

/** What an event asks for. */
export interface EventPlan {
  lead?: {
    key: string;
    triggerName: string | null;
    sourceContactId: string | null;
    /** The key must not have made a lead before; otherwise nothing of the event is stored. */
    mustBeNew?: boolean;
  };
  changes?: { leadId: string; change: LeadChange }[];
  isAccountEvent?: boolean;
  /** The event does not tell enough: the account's workflow reads its contact or opportunity from GHL. */
  needsReread?: boolean;
  /** A record that is to be read into the mirror. */
  contactChange?: ContactChange;
  deadLetter?: Pick<NewDeadLetter, 'cause' | 'advice' | 'subject'>;
}

interface Incoming<Owner extends EventOwner> {
  source: EventSource;
  key: EventKey;
  type: string;
  ghlLocationId: string | null;
  ghlContactId: string | null;
  /** The record that it tells of; absent where it names none. */
  ghlRecordId?: string | null;
  occurredAt: Date | null;
  body: Buffer;
  findOwner(tx: Tx): Promise<Owner>;
  /** Asked once the event is known to be new. */
  plan(tx: Tx, owner: Owner, row: { rowId: string; receivedAt: Date }): Promise<EventPlan>;
}

export interface Receipt {
  outcome: 'taken' | 'repeat';
  status: EventStatus;
  rowId: string;
  agencyId: string | null;
  locationId: string | null;
  /** The lead the event made. */
  leadId: string | null;
}

/** The key of a lead that had to be new made one before. */
export class KnownLeadKeyError extends Error {
  readonly code = 'KnownLeadKey';
  constructor() {
    super('the key made a lead before');
    this.name = 'KnownLeadKeyError';
  }
}

export interface EventIntakeDeps {
  db: Kysely<Database>;
  keys: KeyProvider;
  metrics: Metrics;
  starts: Starts;
  relay: { wake(): void };
  /** Told of each account that spoke. */
  speech: { note(locationId: string, at: Date): void };
  /** How long what is to be read for the mirror waits for more of its contact, in milliseconds. */
  gatherMs: number;
  now: () => Date;
}

export interface EventIntake {
  /**
   * Takes an event and all it asks for in one transaction, then starts what can be started.
   * @throws KnownLeadKeyError, and what Postgres throws: nothing is stored then
   */
  take<Owner extends EventOwner>(incoming: Incoming<Owner>): Promise<Receipt>;
}

/** The process that took an event starts its workflow within these; after that the relay does. */
const START_WITHIN_MS = 3_000;

export function createEventIntake(deps: EventIntakeDeps): EventIntake {
  const { starts, relay } = deps;

  async function store<Owner extends EventOwner>(
    tx: Tx,
    incoming: Incoming<Owner>,
    starting: Starting,
  ): Promise<Receipt> {
    const { source, key, type, ghlLocationId, ghlContactId, ghlRecordId = null, occurredAt, body } = incoming;
    const rowId = uuidv7();
    const receivedAt = deps.now();
    const owner = await incoming.findOwner(tx);
    const { agencyId, locationId, status } = owner;
    const receipt: Receipt = { outcome: 'taken', status, rowId, agencyId, locationId, leadId: null };
    const sealed = seal(deps.keys, body, { agencyId, locationId, purpose: 'event-body' });
    const tenant = { agencyId, locationId, ghlLocationId, ghlContactId, ghlRecordId };
    const event = { rowId, source, ...key, receivedAt, ...tenant, type, status, occurredAt, body: sealed };
    if (!(await takeOnce(tx, event))) return { ...receipt, outcome: 'repeat' };

    const plan = await incoming.plan(tx, owner, { rowId, receivedAt });
    if (plan.deadLetter)
      await addDeadLetter(tx, {
        agencyId,
        locationId,
        capability: 'event-intake',
        workflowId: null,
        ...plan.deadLetter,
      });
    if (agencyId === null) return receipt;

    const cause = { causeId: rowId, receivedAt, agencyId, locationId };
    const work: NewWork[] = (plan.changes ?? []).map(({ leadId, change }) => ({
      ...leadChangeWork(cause, leadId, change),
      dueAt: receivedAt,
    }));
    if (plan.isAccountEvent || plan.needsReread) {
      work.push({ ...accountEventWork(cause, plan.needsReread === true), dueAt: receivedAt });
    }
    if (plan.contactChange && locationId !== null) {
      const dueAt = new Date(receivedAt.getTime() + deps.gatherMs);
      work.push({ ...contactChangeWork({ ...cause, locationId }, plan.contactChange), dueAt });
    }
    if (plan.lead && locationId !== null) {
      receipt.leadId = await makeLead(tx, plan.lead, { ...cause, locationId, source });
      if (receipt.leadId !== null) {
        const start = leadStartWork(cause, receipt.leadId, source);
        starting.slot = starts.reserve();
        starting.work = start;
        const waitMs = starting.slot ? START_WITHIN_MS : 0;
        work.push({ ...start, dueAt: new Date(receivedAt.getTime() + waitMs) });
      }
    }
    await addWork(tx, work);
    // What is due later is found by the relay's own rounds: waking it now would have it look in vain.
    starting.wakesRelay = work.some(({ dueAt }) => dueAt <= receivedAt);
    return receipt;
  }

  return {
    async take(incoming) {
      const starting: Starting = { wakesRelay: false };
      let receipt: Receipt;
      try {
        receipt = await withSystemRole(deps.db, 'intake', (tx) => store(tx, incoming, starting));
      } catch (error) {
        starting.slot?.release();
        throw error;
      }
      if (starting.slot && starting.work) starting.slot.run(starting.work);
      if (starting.wakesRelay) relay.wake();
      if (receipt.locationId !== null) deps.speech.note(receipt.locationId, deps.now());
      const status = receipt.outcome === 'repeat' ? 'repeat' : receipt.status;
      countEvent(deps.metrics, { source: incoming.source, type: incoming.type, status });
      return receipt;
    },
  };
}

interface Starting {
  slot?: StartSlot | undefined;
  work?: Omit<NewWork, 'dueAt'>;
  wakesRelay: boolean;
}

async function takeOnce(tx: Tx, event: NewEvent): Promise<boolean> {
  if (await takeEvent(tx, event)) return true;
  const { source, eventId, agencyId } = event;
  if (agencyId === null || !(await reopenUnclaimedEvent(tx, { source, eventId, agencyId }))) return false;
  return takeEvent(tx, { ...event, repeatWithinMs: 0 });
}

async function makeLead(
  tx: Tx,
  planned: NonNullable<EventPlan['lead']>,
  of: { causeId: string; receivedAt: Date; agencyId: string; locationId: string; source: EventSource },
): Promise<string | null> {
  const leadId = uuidv7();
  const made = await createLead(tx, planned.key, {
    id: leadId,
    agencyId: of.agencyId,
    intakeLocationId: of.locationId,
    source: of.source,
    triggerName: planned.triggerName,
    eventRowId: of.causeId,
    eventReceivedAt: of.receivedAt,
    sourceContactId: planned.sourceContactId,
  });
  if (!made && planned.mustBeNew) throw new KnownLeadKeyError();
  return made ? leadId : null;
}

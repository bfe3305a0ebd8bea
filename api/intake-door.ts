import type { Transaction } from 'kysely';
import type { NewDeadLetter } from '../db/dead-letters.ts';
import type { Database } from '../db/schema.ts';
import type { EventSource, EventStatus } from '../db/schema/events.ts';
import type { ContactChange } from '../domain/contact-change.ts';
import type { LeadChange } from '../domain/lead-change.ts';
import type { EventKey } from './event-key.ts';

type Tx = Transaction<Database>;

/** An event that came, as far as it is known without looking anything up. */
export interface Incoming {
  source: EventSource;
  key: EventKey;
  type: string;
  ghlLocationId: string | null;
  ghlContactId: string | null;
  /** The record that it tells of; absent where it names none. */
  ghlRecordId?: string | null;
  occurredAt: Date | null;
  body: Buffer;
}

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

/** An event that is known to be new. */
export interface FreshEvent<Event extends Incoming, Owner extends EventOwner> {
  event: Event;
  owner: Owner;
  rowId: string;
  receivedAt: Date;
}

/** How events that come by one door are understood; several are looked up at once. Answers are in the order of the events. */
export interface IntakeDoor<Event extends Incoming, Owner extends EventOwner> {
  /** Whose they are; an error is the answer to that event alone. */
  findOwners(tx: Tx, events: readonly Event[]): Promise<(Owner | Error)[]>;
  /** What they ask for. */
  plan(tx: Tx, events: readonly FreshEvent<Event, Owner>[]): Promise<EventPlan[]>;
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

import type { LeadChange } from './lead-change.ts';
import { OWN_CONTACT_SOURCE } from './own-writes.ts';

/** What planning needs of an event that came in; everything else of it stays in the stored body. */
export type EventFacts = ContactFacts | OpportunityFacts | { kind: 'account' } | { kind: 'other' };

export interface ContactFacts {
  kind: 'contact';
  type: string;
  ghlContactId: string;
  /** When GHL made the contact; null when the event does not tell. */
  contactCreatedAt: Date | null;
  source: string | null;
  assignedTo: string | null;
  tags: readonly string[];
  customFields: readonly { id: string; value: unknown }[];
  /** GHL left the payload out: what is missing here says nothing about the contact. */
  isCut: boolean;
}

export interface OpportunityFacts {
  kind: 'opportunity';
  type: string;
  ghlOpportunityId: string;
  ghlContactId: string | null;
  status: string | null;
  assignedTo: string | null;
}

/** An account as intake sees it. */
export interface PlannedAccount {
  isIntake: boolean;
  /** From when on it makes leads; null while it only observes. */
  liveAt: Date | null;
}

/** GHL's clock and ours may differ by so much. */
const CLOCK_TOLERANCE_MS = 60_000;

const wasCreatedWhileLive = (account: PlannedAccount, createdAt: Date): boolean =>
  account.liveAt !== null && createdAt.getTime() >= account.liveAt.getTime() - CLOCK_TOLERANCE_MS;

export type ContactLeadReason =
  'lead' | 'not-created' | 'not-an-intake-account' | 'not-live' | 'created-before-live' | 'own-contact';

/** Decides whether a contact event is a lead by itself: a contact made in an intake account after its go-live. */
export function decideContactLead(
  account: PlannedAccount,
  contact: ContactFacts,
  context: { isOwnContact: boolean; receivedAt: Date },
): { isLead: boolean; reason: ContactLeadReason } {
  const refusal = refuseContactLead(account, contact, context);
  return { isLead: refusal === undefined, reason: refusal ?? 'lead' };
}

function refuseContactLead(
  account: PlannedAccount,
  contact: ContactFacts,
  context: { isOwnContact: boolean; receivedAt: Date },
): Exclude<ContactLeadReason, 'lead'> | undefined {
  if (contact.type !== 'ContactCreate') return 'not-created';
  if (!account.isIntake) return 'not-an-intake-account';
  if (account.liveAt === null) return 'not-live';
  if (!wasCreatedWhileLive(account, contact.contactCreatedAt ?? context.receivedAt)) return 'created-before-live';
  if (context.isOwnContact || contact.source === OWN_CONTACT_SOURCE) return 'own-contact';
  return undefined;
}

/**
 * Decides whether the first sight of a contact by a trigger may count as the step to "present". Of a contact older than
 * the account's go-live it may not: GHL sends whole lists of tags, and an old customer who is edited asks for nothing.
 */
export const isNewToTriggers = (account: PlannedAccount, contact: ContactFacts): boolean =>
  contact.type !== 'ContactCreate' &&
  contact.contactCreatedAt !== null &&
  wasCreatedWhileLive(account, contact.contactCreatedAt);

/** Whether triggers look at the event at all. */
export const isSeenByTriggers = (account: PlannedAccount, contact: ContactFacts): boolean =>
  account.isIntake && ['ContactCreate', 'ContactUpdate', 'ContactTagUpdate'].includes(contact.type);

/**
 * Whether a contact shows what a trigger waits for. Tags are compared as GHL stores them, in lower case.
 * @returns undefined when the event cannot tell, because GHL cut it
 */
export function matchTrigger(
  trigger: { kind: 'tag' | 'field'; subject: string; value: string | null },
  contact: ContactFacts,
): boolean | undefined {
  const matched =
    trigger.kind === 'tag'
      ? contact.tags.some((tag) => tag.trim().toLowerCase() === trigger.subject.trim().toLowerCase())
      : contact.customFields.some((field) => field.id === trigger.subject && fits(field.value, trigger.value));
  return matched || !contact.isCut ? matched : undefined;
}

function fits(value: unknown, wanted: string | null): boolean {
  if (Array.isArray(value)) return value.some((item) => fits(item, wanted));
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return false;
  const text = String(value).trim();
  return wanted === null ? text !== '' : text === wanted.trim();
}

/** An open lead that the event's contact belongs to. */
export interface ConcernedByEvent {
  isAssignedContact: boolean;
  /** The GHL users whom we have assigned or are about to. */
  ghlUserIds: readonly string[];
}

/**
 * Finds out what an event means for an open lead of its contact: the end, a reassignment made in GHL, or nothing. The
 * echo of our own assignment names a user we assign and means nothing.
 */
export function planLeadChange(
  facts: ContactFacts | OpportunityFacts,
  ghlContactId: string,
  lead: ConcernedByEvent,
): LeadChange | undefined {
  if (facts.kind === 'contact' && facts.type === 'ContactDelete') return { kind: 'contact-deleted', ghlContactId };
  if (facts.kind === 'opportunity') {
    const { ghlOpportunityId, status } = facts;
    if (facts.type === 'OpportunityDelete') return { kind: 'opportunity-deleted', ghlContactId, ghlOpportunityId };
    if (ENDING_TYPES.has(facts.type) && (status === 'won' || status === 'lost' || status === 'abandoned')) {
      return { kind: 'opportunity-ended', ghlContactId, ghlOpportunityId, status };
    }
  }
  const { assignedTo } = facts;
  const isReassigned = assignedTo !== null && !lead.ghlUserIds.includes(assignedTo);
  if (!ASSIGNING_TYPES.has(facts.type) || !lead.isAssignedContact || !isReassigned) return undefined;
  return { kind: 'assigned-in-ghl', ghlContactId, ghlUserId: assignedTo };
}

const ENDING_TYPES: ReadonlySet<string> = new Set(['OpportunityStatusUpdate', 'OpportunityUpdate']);
const ASSIGNING_TYPES: ReadonlySet<string> = new Set([
  'ContactUpdate',
  'OpportunityAssignedToUpdate',
  'OpportunityUpdate',
]);

/** Whether the event can concern an open lead at all, so that the others cost no look-up. */
export const mayChangeLeads = (facts: EventFacts): facts is ContactFacts | OpportunityFacts =>
  (facts.kind === 'contact' && (facts.type === 'ContactDelete' || facts.type === 'ContactUpdate')) ||
  (facts.kind === 'opportunity' &&
    (facts.type === 'OpportunityDelete' || ENDING_TYPES.has(facts.type) || ASSIGNING_TYPES.has(facts.type)));

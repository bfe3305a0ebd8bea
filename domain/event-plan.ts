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
  /** When GHL made the opportunity; null when the event does not tell. */
  opportunityCreatedAt: Date | null;
  status: string | null;
  assignedTo: string | null;
  /** GHL left the payload out: what is missing here says nothing about the opportunity. */
  isCut: boolean;
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

type CreationFacts = Pick<ContactFacts, 'type' | 'contactCreatedAt' | 'source'>;

/** Decides whether a contact event is a lead by itself: a contact made in an intake account after its go-live. */
export function decideContactLead(
  account: PlannedAccount,
  contact: CreationFacts,
  context: { isOwnContact: boolean; receivedAt: Date },
): { isLead: boolean; reason: ContactLeadReason } {
  const refusal = refuseContactLead(account, contact, context);
  return { isLead: refusal === undefined, reason: refusal ?? 'lead' };
}

function refuseContactLead(
  account: PlannedAccount,
  contact: CreationFacts,
  context: { isOwnContact: boolean; receivedAt: Date },
): Exclude<ContactLeadReason, 'lead'> | undefined {
  if (contact.type !== 'ContactCreate') return 'not-created';
  if (!account.isIntake) return 'not-an-intake-account';
  if (account.liveAt === null) return 'not-live';
  if (!wasCreatedWhileLive(account, contact.contactCreatedAt ?? context.receivedAt)) return 'created-before-live';
  if (context.isOwnContact || contact.source === OWN_CONTACT_SOURCE) return 'own-contact';
  return undefined;
}

/** What a contact that an event shows may tell a trigger that has never seen it. */
export type FirstSight = 'nothing' | 'base-line' | 'step';

/**
 * Decides what the first sight of a contact is worth to a trigger. GHL sends whole lists of tags and fields and never
 * what changed, so a tag on a contact seen for the first time may be old: the sight is the base line, and the next step
 * from absent to present counts. Only a contact made since the trigger was set up, in an account that was live, has got
 * all it carries since then; what it is created with is part of its creation, which is a lead by itself. A view from
 * before the trigger says nothing of how the contact was when the trigger came.
 * @param observedAt when the contact looked like this
 */
export function judgeFirstSight(
  account: PlannedAccount,
  contact: Pick<ContactFacts, 'type' | 'contactCreatedAt'>,
  trigger: { createdAt: Date },
  observedAt: Date,
): { sight: FirstSight; reason: FirstSightReason } {
  if (observedAt < trigger.createdAt) return { sight: 'nothing', reason: 'before-trigger' };
  const doubt = doubtFirstSight(account, contact, trigger);
  return doubt === undefined ? { sight: 'step', reason: 'made-since-trigger' } : { sight: 'base-line', reason: doubt };
}

export type FirstSightReason =
  'before-trigger' | 'creation' | 'age-unknown' | 'older-than-trigger' | 'older-than-go-live' | 'made-since-trigger';

function doubtFirstSight(
  account: PlannedAccount,
  { type, contactCreatedAt }: Pick<ContactFacts, 'type' | 'contactCreatedAt'>,
  trigger: { createdAt: Date },
): FirstSightReason | undefined {
  if (type === 'ContactCreate') return 'creation';
  if (contactCreatedAt === null) return 'age-unknown';
  // No tolerance for clocks here: a contact made a moment before the trigger may carry the tag already.
  if (contactCreatedAt < trigger.createdAt) return 'older-than-trigger';
  return wasCreatedWhileLive(account, contactCreatedAt) ? undefined : 'older-than-go-live';
}

/** Whether triggers look at the event at all. */
export const isSeenByTriggers = (account: PlannedAccount, contact: ContactFacts): boolean =>
  account.isIntake && ['ContactCreate', 'ContactUpdate', 'ContactTagUpdate'].includes(contact.type);

/**
 * Whether a contact shows what a trigger waits for. Tags are compared as GHL stores them, in lower case.
 * @returns undefined when the event cannot tell, because GHL cut it
 */
export function matchTrigger(
  trigger: { kind: 'tag' | 'field'; subject: string; value: string | null },
  contact: Pick<ContactFacts, 'tags' | 'customFields' | 'isCut'>,
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
  /** The opportunity we opened for it with this contact. */
  ghlOpportunityId: string | null;
}

/**
 * Finds out what an event means for an open lead of its contact: the end, a reassignment made in GHL, or nothing. The
 * echo of our own assignment names a user we assign and means nothing.
 * @param occurredAt when it happened in GHL
 */
export function planLeadChange(
  facts: ContactFacts | OpportunityFacts,
  ghlContactId: string,
  lead: Pick<ConcernedByEvent, 'isAssignedContact' | 'ghlUserIds'>,
  occurredAt: Date,
): LeadChange | undefined {
  if (facts.kind === 'contact' && facts.type === 'ContactDelete') return { kind: 'contact-deleted', ghlContactId };
  if (facts.kind === 'opportunity') {
    const { ghlOpportunityId, opportunityCreatedAt } = facts;
    const createdAt = opportunityCreatedAt?.toISOString();
    const opportunity = { ghlContactId, ghlOpportunityId, createdAt, occurredAt: occurredAt.toISOString() };
    if (facts.type === 'OpportunityDelete') return { kind: 'opportunity-deleted', ...opportunity };
    const status = endedStatusOf(facts);
    if (status !== undefined) return { kind: 'opportunity-ended', ...opportunity, status };
  }
  const { assignedTo } = facts;
  const isReassigned = assignedTo !== null && !lead.ghlUserIds.includes(assignedTo);
  if (!ASSIGNING_TYPES.has(facts.type) || !lead.isAssignedContact || !isReassigned) return undefined;
  return { kind: 'assigned-in-ghl', ghlContactId, ghlUserId: assignedTo };
}

/** With which status the opportunity is over, by an event that tells of one. */
function endedStatusOf({ type, status }: OpportunityFacts): 'won' | 'lost' | 'abandoned' | undefined {
  const isOver = status === 'won' || status === 'lost' || status === 'abandoned';
  return ENDING_TYPES.has(type) && isOver ? status : undefined;
}

/** Whether the event tells that the opportunity is over. */
export const tellsOfEnd = (facts: OpportunityFacts): boolean =>
  facts.type === 'OpportunityDelete' || endedStatusOf(facts) !== undefined;

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

import type { MirroredResource } from './mirror.ts';

/** What a backfill can be asked for; a conversation comes with its messages. */
export type BackfillResource = 'contact' | 'conversation' | 'opportunity' | 'appointment' | 'transaction';
export const BACKFILL_RESOURCES: readonly BackfillResource[] = [
  'contact',
  'conversation',
  'opportunity',
  'appointment',
  'transaction',
];

/** Whether each contact is read by itself for its names as they are spelt, or believed as lists show it. */
export type NamesWanted = 'exact' | 'listed';
/** What people want of a run or a part of it. */
export type BackfillWish = 'run' | 'pause' | 'cancel';
/** Of one location and resource. */
export type BackfillPartState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';

/** A list of GHL's that is read to its end. The export leaves e-mails out unless it is asked for them alone. */
export type Listing =
  'contacts' | 'conversations' | 'messages' | 'emails' | 'opportunities' | 'appointments' | 'transactions';

export type BackfillStep = Listing | 'names' | 'names-after-check' | 'silent-conversations' | `check-${Listing}`;

const LISTINGS: Record<BackfillResource, readonly Listing[]> = {
  contact: ['contacts'],
  conversation: ['conversations', 'messages', 'emails'],
  opportunity: ['opportunities'],
  appointment: ['appointments'],
  transaction: ['transactions'],
};

/** The kind of record that a list shows. */
export const RECORD_OF: Record<Listing, MirroredResource> = {
  contacts: 'contact',
  conversations: 'conversation',
  messages: 'message',
  emails: 'message',
  opportunities: 'opportunity',
  appointments: 'appointment',
  transactions: 'transaction',
};

/**
 * The steps of a part in their order: all lists are read, then once more to prove that nothing is missing. What the
 * second reading finds new or changed is written as well, so that contacts may need their names once more. A conversation
 * all of whose messages are gone may be gone too: its list, which goes by the last message, does not tell.
 */
export function stepsOf(resource: BackfillResource, names: NamesWanted): BackfillStep[] {
  const listings = LISTINGS[resource];
  const isSpelt = resource === 'contact' && names === 'exact';
  return [
    ...listings,
    ...(isSpelt ? (['names'] as const) : []),
    ...listings.map((listing) => `check-${listing}` as const),
    ...(isSpelt ? (['names-after-check'] as const) : []),
    ...(resource === 'conversation' ? (['silent-conversations'] as const) : []),
  ];
}

/** What a step does: reads a list, once more to check it, or records one by one. */
export type StepKind = { kind: 'list' | 'check'; listing: Listing } | { kind: 'names' } | { kind: 'silent' };

export function readStep(step: BackfillStep): StepKind {
  if (step === 'names' || step === 'names-after-check') return { kind: 'names' };
  if (step === 'silent-conversations') return { kind: 'silent' };
  if (step.startsWith('check-')) return { kind: 'check', listing: step.slice('check-'.length) as Listing };
  return { kind: 'list', listing: step as Listing };
}

/** The step after one, the first for none; null after the last. */
export function nextStep(steps: readonly BackfillStep[], step: string | null): BackfillStep | null {
  return steps[step === null ? 0 : steps.indexOf(step as BackfillStep) + 1] ?? null;
}

const STRENGTH: Record<BackfillWish, number> = { run: 0, pause: 1, cancel: 2 };

/** What holds for a part: whichever of the run's and its own wish goes further. */
export const strongerWish = (ofRun: BackfillWish, ofPart: BackfillWish): BackfillWish =>
  STRENGTH[ofRun] > STRENGTH[ofPart] ? ofRun : ofPart;

/** A span of time in milliseconds since 1970: `from` is in it, `to` is not; null is open. */
export interface Span {
  from: number | null;
  to: number | null;
}

export const isWithin = (at: Date | null, { from, to }: Span): boolean =>
  at === null ? from === null && to === null : at.getTime() >= (from ?? -Infinity) && at.getTime() < (to ?? Infinity);

/**
 * A contact that was made in a live intake account since it went live is a lead that an event or a poll has to find: a
 * backfill that brought it into the mirror would hide from the poll that no event told of it.
 */
export function isLeftToPoll(
  createdAt: Date | null,
  account: { isIntake: boolean; liveAt: Date | null } | undefined,
): boolean {
  if (!account?.isIntake || account.liveAt === null || createdAt === null) return false;
  return createdAt >= account.liveAt;
}

/** `TYPE_ACTIVITY_…` stands among messages, but nobody wrote it, and no event tells of it. */
export const isWrittenMessage = (messageType: string | null): boolean =>
  messageType === null || !messageType.startsWith('TYPE_ACTIVITY');

interface Placed {
  id: string;
  parent_id: string | null;
}

/** A location and all below it; every one of the agency for none. */
export function listCovered<T extends Placed>(locations: readonly T[], rootId: string | null): T[] {
  if (rootId === null) return [...locations];
  const covered = new Set([rootId]);
  for (let grown = -1; grown !== covered.size;) {
    grown = covered.size;
    for (const { id, parent_id } of locations) if (parent_id !== null && covered.has(parent_id)) covered.add(id);
  }
  return locations.filter(({ id }) => covered.has(id));
}

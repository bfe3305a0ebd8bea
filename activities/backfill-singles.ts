import { ApplicationFailure } from '@temporalio/activity';
import { listContactsToRead, listSilentConversations } from '../db/backfill-mirror.ts';
import { emptyTally, moveOn, type PartKey } from '../db/backfill-parts.ts';
import { withScope } from '../db/scope.ts';
import { type BackfillStep, type BackfillWish, RECORD_OF, type Span } from '../domain/backfill.ts';
import type { ListingCall } from './backfill-listings.ts';
import { type ReadBack, readBack, takeGone } from './backfill-reads.ts';
import type { StoreDeps } from './dependencies.ts';
import { takeSeen } from './mirror-news.ts';

/** So few that a pause is obeyed soon, and a crash repeats little. */
const BATCH = 25;

export interface SinglesPlace {
  agencyId: string;
  key: PartKey;
  step: BackfillStep;
  span: Span;
}

/**
 * Reads the next contacts that are only known as lists show them, with names in lower case, or the next conversations of
 * which no message is there any more, and writes what they are. Repeatable.
 * @param after the id behind which it goes on: ours of a contact, GHL's of a conversation
 * @returns what people want now, and where the next batch begins; null when all are read
 * @throws what a read throws, when all that was read by then is written
 */
export async function readSingles(
  deps: StoreDeps,
  asked: Pick<ListingCall, 'ghl' | 'call' | 'now' | 'paced'>,
  place: SinglesPlace,
  after: string | null,
  lapSeconds: () => number,
): Promise<{ wish: BackfillWish; after: string | null }> {
  const { agencyId, key, step, span } = place;
  const { locationId } = key;
  const listing = place.step === 'silent-conversations' ? 'conversations' : 'contacts';
  const list = listing === 'contacts' ? listContactsToRead : listSilentConversations;
  const batch = await withScope(deps.db, { agencyId }, (tx) => list(tx, { locationId, span, after, limit: BATCH }));
  const last = batch.at(-1);
  if (!last) return { wish: 'run', after: null };
  const back: ReadBack = { seen: [], gone: [] };
  const failure = await readBack(
    asked,
    listing,
    batch.map(({ ghlId }) => ghlId),
    back,
  ).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  // What was read is kept in any case; those that failed are found again from here.
  const next = failure ? after : last.id;
  const wish = await withScope(deps.db, { agencyId }, async (tx) => {
    const of = { agencyId, locationId, resource: RECORD_OF[listing] };
    const observed = await takeSeen(tx, deps, of, back.seen, { foundBy: 'backfill' });
    const deleted = await takeGone(tx, deps, of, back);
    const written = observed.filter(({ judgement }) => judgement !== 'same' && judgement !== 'older').length;
    const read = back.seen.length + back.gone.length;
    const tally = { ...emptyTally(), done: read, activeSeconds: lapSeconds(), written, deleted };
    return moveOn(tx, key, step, { path: ['after'], before: after, after: next }, tally);
  });
  if (failure) throw failure.error;
  if (wish === undefined)
    throw ApplicationFailure.create({ message: 'another attempt has gone on', type: 'BackfillMoved' });
  return { wish, after: last.id };
}

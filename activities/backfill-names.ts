import { ApplicationFailure } from '@temporalio/activity';
import { listContactsToRead } from '../db/backfill-mirror.ts';
import { emptyTally, moveOn, type PartKey } from '../db/backfill-parts.ts';
import { withScope } from '../db/scope.ts';
import type { BackfillStep, BackfillWish, Span } from '../domain/backfill.ts';
import type { ListingCall } from './backfill-listings.ts';
import { type ReadBack, readBack, takeGone } from './backfill-reads.ts';
import type { StoreDeps } from './dependencies.ts';
import { takeSeen } from './mirror-news.ts';

/** So few that a pause is obeyed soon, and a crash repeats little. */
const BATCH = 25;

export interface NamesPlace {
  agencyId: string;
  key: PartKey;
  step: BackfillStep;
  span: Span;
}

/**
 * Reads the next contacts that are only known as lists show them, with names in lower case, and writes what they are.
 * Repeatable: who has been read is not among them any more.
 * @param after the id of ours behind which it goes on
 * @returns what people want now, and where the next batch begins; null when all are read
 * @throws what a read throws, when all that was read by then is written
 */
export async function readNames(
  deps: StoreDeps,
  asked: Pick<ListingCall, 'ghl' | 'call' | 'now' | 'paced'>,
  place: NamesPlace,
  after: string | null,
  lapSeconds: () => number,
): Promise<{ wish: BackfillWish; after: string | null }> {
  const { agencyId, key, step, span } = place;
  const { locationId } = key;
  const batch = await withScope(deps.db, { agencyId }, (tx) =>
    listContactsToRead(tx, { locationId, span, after, limit: BATCH }),
  );
  const last = batch.at(-1);
  if (!last) return { wish: 'run', after: null };
  const back: ReadBack = { seen: [], gone: [] };
  const failure = await readBack(
    asked,
    'contacts',
    batch.map(({ ghlId }) => ghlId),
    back,
  ).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  // What was read is kept in any case; those that failed are found again from here.
  const next = failure ? after : last.id;
  const wish = await withScope(deps.db, { agencyId }, async (tx) => {
    const of = { agencyId, locationId, resource: 'contact' as const };
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

import { ApplicationFailure } from '@temporalio/activity';
import type { Transaction } from 'kysely';
import { findKnownContacts, listDeletedContacts, listUnlisted } from '../db/backfill-mirror.ts';
import { emptyTally, moveOn, type PartKey, type Tally } from '../db/backfill-parts.ts';
import { findLocation } from '../db/locations.ts';
import type { Observed } from '../db/mirror.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { type BackfillStep, type BackfillWish, isLeftToPoll, type Listing, RECORD_OF } from '../domain/backfill.ts';
import { type Cover, coverOf, type Slice } from '../domain/backfill-slices.ts';
import type { Observation } from '../domain/mirror.ts';
import { appointmentWindow, type ListedPage, READERS } from './backfill-listings.ts';
import { type ReadBack, takeGone } from './backfill-reads.ts';
import type { StoreDeps } from './dependencies.ts';
import { takeSeen } from './mirror-news.ts';

/** Where a page belongs. */
export interface PagePlace {
  agencyId: string;
  key: PartKey;
  step: BackfillStep;
  listing: Listing;
  isCheck: boolean;
}

export interface ReadPage {
  index: number;
  slice: Slice;
  page: ListedPage;
  activeSeconds: number;
}

/** What a check has to read by its id before the page is written. */
export interface Doubts {
  cover: Cover | null;
  ids: string[];
}

/**
 * What a page of a check leaves open: records that the mirror holds where GHL showed none, and contacts that GHL shows
 * and the mirror holds for deleted. A list proves neither.
 */
export async function findDoubts(deps: StoreDeps, place: PagePlace, { slice, page }: ReadPage): Promise<Doubts> {
  const { listing, key } = place;
  const { isAscending } = READERS[listing];
  if (!place.isCheck || (isAscending === null && listing !== 'appointments')) return { cover: null, ids: [] };
  const sighted = page.seen.map(({ ghlId, ghlCreatedAt }) => ({ ghlId, createdMs: ghlCreatedAt?.getTime() ?? 0 }));
  const seenIds = sighted.map(({ ghlId }) => ghlId);
  const cover =
    isAscending === null
      ? { ...appointmentWindow(slice), seenIds }
      : coverOf(slice, sighted, { isAscending, isLast: page.next === null }).cover;
  const ids = await withScope(deps.db, { agencyId: place.agencyId }, async (tx) => {
    const of = { locationId: key.locationId, listing, key: slice.key };
    const unlisted = cover ? await listUnlisted(tx, of, cover) : [];
    const deleted = listing === 'contacts' ? await listDeletedContacts(tx, key.locationId, seenIds) : [];
    return [...unlisted, ...deleted];
  });
  return { cover, ids };
}

/**
 * Writes a page and moves its slice on, in one transaction. Repeatable: a page that somebody else has written is not
 * written again.
 * @throws ApplicationFailure BackfillMoved when another attempt has gone on from here; it is retried from where that is
 */
export async function writePage(
  deps: StoreDeps,
  place: PagePlace,
  read: ReadPage,
  back: ReadBack,
): Promise<{ slice: Slice; wish: BackfillWish }> {
  const { agencyId, key, listing, isCheck } = place;
  const { slice, page, index } = read;
  const of = { agencyId, locationId: key.locationId, resource: RECORD_OF[listing] };
  const after = sliceBehind(place, slice, page);
  const wish = await withScope(deps.db, { agencyId }, async (tx) => {
    const { toWrite, left } = await leaveToPoll(tx, place, page.seen);
    const reread = new Set(back.seen.map(({ ghlId }) => ghlId));
    const listed = toWrite.filter(({ ghlId }) => !reread.has(ghlId));
    const observed = [
      ...(await takeSeen(tx, deps, of, listed, { foundBy: 'backfill' })),
      ...(await takeSeen(tx, deps, of, back.seen, { foundBy: 'backfill' })),
    ];
    const deleted = await takeGone(tx, deps, of, back);
    const tally = { ...tallyOf(place, page, observed), deleted, activeSeconds: read.activeSeconds };
    if (isCheck) tally.leftToPoll = left;
    return moveOn(tx, key, place.step, { path: ['slices', String(index)], before: slice, after }, tally);
  });
  if (wish === undefined)
    throw ApplicationFailure.create({ message: 'the page was written by another attempt', type: 'BackfillMoved' });
  return { slice: after, wish };
}

function sliceBehind({ isCheck, listing }: PagePlace, slice: Slice, page: ListedPage): Slice {
  const isLast = page.next === null;
  const behind = { ...slice, after: isLast ? null : page.next, isDone: isLast, edgeIds: [] };
  const { isAscending } = READERS[listing];
  if (!isCheck || isAscending === null || isLast) return behind;
  const sighted = page.seen.map(({ ghlId, ghlCreatedAt }) => ({ ghlId, createdMs: ghlCreatedAt?.getTime() ?? 0 }));
  return { ...behind, ...coverOf(slice, sighted, { isAscending, isLast }).edge };
}

/** Leads that an event or a poll has to find are not brought by a backfill, unless they are known already. */
async function leaveToPoll(
  tx: Transaction<Database>,
  { listing, key }: PagePlace,
  seen: readonly Observation[],
): Promise<{ toWrite: Observation[]; left: number }> {
  if (listing !== 'contacts') return { toWrite: [...seen], left: 0 };
  const location = await findLocation(tx, key.locationId);
  const account = location && { isIntake: location.is_intake, liveAt: location.live_at };
  const theirs = seen.filter(({ ghlCreatedAt }) => isLeftToPoll(ghlCreatedAt, account)).map(({ ghlId }) => ghlId);
  const known = await findKnownContacts(tx, key.locationId, theirs);
  const left = new Set(theirs.filter((ghlId) => !known.has(ghlId)));
  return { toWrite: seen.filter(({ ghlId }) => !left.has(ghlId)), left: left.size };
}

const WRITTEN = ['new', 'newer', 'more-exact', 'restored'];

function tallyOf({ isCheck, listing }: PagePlace, page: ListedPage, observed: readonly Observed[]): Tally {
  const count = (...judgements: string[]) => observed.filter(({ judgement }) => judgements.includes(judgement)).length;
  // Nothing tells when a conversation was made: what is counted of it is its messages.
  const isCounted = listing !== 'conversations';
  return {
    ...emptyTally(),
    done: page.rows,
    written: count(...WRITTEN),
    ...(isCheck
      ? {
          checked: isCounted ? page.seen.length : 0,
          missing: count('new', 'restored'),
          different: count('newer', 'more-exact'),
        }
      : { listed: page.seen.length }),
  };
}

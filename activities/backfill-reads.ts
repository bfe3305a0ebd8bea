import type { Transaction } from 'kysely';
import { markGone } from '../db/gone-records.ts';
import type { MirrorPlace } from '../db/mirror-place.ts';
import type { Database } from '../db/schema.ts';
import { type Listing, RECORD_OF } from '../domain/backfill.ts';
import type { MirroredResource, Observation } from '../domain/mirror.ts';
import type { ListingCall } from './backfill-listings.ts';
import { READ_AT_ONCE, sideBySide } from './backfill-pace.ts';
import type { StoreDeps } from './dependencies.ts';
import { tellGone } from './mirror-news.ts';
import { readRecord } from './mirror-reads.ts';

/** What reading records by their ids brought. */
export interface ReadBack {
  seen: Observation[];
  /** GHL says that there is none: the only thing that tells that a record was deleted. */
  gone: { ghlId: string; askedAt: Date }[];
}

/**
 * Reads records one by one, several side by side. Money is never deleted: of transactions none is read.
 * @param into is filled while it goes, so that what was read before a failure is not lost
 * @throws GhlError
 */
export async function readBack(
  of: Pick<ListingCall, 'ghl' | 'call' | 'now' | 'paced'>,
  listing: Listing,
  ghlIds: Iterable<string>,
  into: ReadBack,
): Promise<void> {
  const resource = RECORD_OF[listing];
  if (!isReadable(resource)) return;
  await sideBySide(ghlIds, READ_AT_ONCE, async (ghlId) => {
    const askedAt = of.now();
    const seen = await of.paced(() => readRecord(of.ghl, of.call, { resource, ghlId }, of.now));
    if (seen) into.seen.push(seen);
    else into.gone.push({ ghlId, askedAt });
  });
}

/** Marks what GHL says is not there, and lets open leads hear of it. @returns how many were marked now */
export async function takeGone(
  tx: Transaction<Database>,
  deps: Pick<StoreDeps, 'keys' | 'now'>,
  place: MirrorPlace,
  { gone }: Pick<ReadBack, 'gone'>,
): Promise<number> {
  let deleted = 0;
  for (const { ghlId, askedAt } of gone) {
    const marked = await markGone(tx, place, [ghlId], askedAt);
    await tellGone(tx, deps, place, marked, askedAt);
    deleted += marked.length;
  }
  return deleted;
}

type Readable = Extract<MirroredResource, 'contact' | 'conversation' | 'message' | 'opportunity' | 'appointment'>;

const isReadable = (resource: MirroredResource): resource is Readable =>
  ['contact', 'conversation', 'message', 'opportunity', 'appointment'].includes(resource);

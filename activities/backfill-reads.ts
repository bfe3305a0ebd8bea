import { type Listing, RECORD_OF } from '../domain/backfill.ts';
import type { MirroredResource, Observation } from '../domain/mirror.ts';
import type { ListingCall } from './backfill-listings.ts';
import { READ_AT_ONCE, sideBySide } from './backfill-pace.ts';
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

type Readable = Extract<MirroredResource, 'contact' | 'conversation' | 'message' | 'opportunity' | 'appointment'>;

const isReadable = (resource: MirroredResource): resource is Readable =>
  ['contact', 'conversation', 'message', 'opportunity', 'appointment'].includes(resource);

import type { Listing } from '../domain/backfill.ts';
import type { Observation } from '../domain/mirror.ts';
import { getAppointment } from '../ghl/calendars.ts';
import { getContact } from '../ghl/contacts.ts';
import { GhlNotFoundError } from '../ghl/errors.ts';
import { getMessage } from '../ghl/messages.ts';
import { getOpportunity } from '../ghl/opportunities.ts';
import { completeEmail, type ListingCall } from './backfill-listings.ts';
import { READ_AT_ONCE, sideBySide } from './backfill-pace.ts';
import { observeAppointment, observeContact, observeOpportunity } from './mirror-observations.ts';

/** What reading records by their ids brought. */
export interface ReadBack {
  seen: Observation[];
  /** GHL says that there is none: the only thing that tells that a record was deleted. */
  gone: { ghlId: string; askedAt: Date }[];
}

type Asked = Pick<ListingCall, 'ghl' | 'call' | 'now' | 'paced'>;

/** GHL gives no single conversation, and money is never deleted. */
const CAN_BE_READ: readonly Listing[] = ['contacts', 'messages', 'emails', 'opportunities', 'appointments'];

/**
 * Reads records one by one, several side by side.
 * @param into is filled while it goes, so that what was read before a failure is not lost
 * @throws GhlError
 */
export async function readBack(of: Asked, listing: Listing, ghlIds: Iterable<string>, into: ReadBack): Promise<void> {
  if (!CAN_BE_READ.includes(listing)) return;
  await sideBySide(ghlIds, READ_AT_ONCE, async (ghlId) => {
    // A change that comes while GHL answers must count as later than this sight.
    const askedAt = of.now();
    try {
      const seen = await of.paced(() => readOne(of, listing, ghlId, askedAt));
      if (seen) into.seen.push(seen);
    } catch (error) {
      // Another 404 says that the path or the token is wrong, and nothing of the record.
      if (!(error instanceof GhlNotFoundError) || error.reason !== 'not-found') throw error;
      into.gone.push({ ghlId, askedAt });
    }
  });
}

async function readOne(of: Asked, listing: Listing, ghlId: string, askedAt: Date): Promise<Observation | undefined> {
  const { ghl, call } = of;
  switch (listing) {
    case 'contacts':
      return observeContact(await getContact(ghl, call, ghlId), askedAt);
    case 'opportunities':
      return observeOpportunity(await getOpportunity(ghl, call, ghlId), askedAt);
    case 'appointments':
      return observeAppointment(await getAppointment(ghl, call, ghlId), askedAt);
    default:
      return completeEmail(of, await getMessage(ghl, call, ghlId), undefined, askedAt);
  }
}

import type { Fields, Observation } from '../domain/mirror.ts';
import type { SeenNews } from '../domain/mirror-news.ts';
import type { PollPolicy } from '../domain/poll-rules.ts';
import type { GhlCalls, LocationCall } from '../ghl/calls.ts';
import { GhlNotFoundError } from '../ghl/errors.ts';

/** A record as GHL has shown it. */
export interface Found {
  seen: Observation;
  told?: SeenNews;
}

/** A record in a list. */
export interface Listed extends Found {
  /** By which the list is sorted where it is one of changes; null where GHL does not tell. */
  changedAt: Date | null;
}

/** A page of a list; `next` says how to go on, null after the last. It is kept as JSON. */
export interface ListedPage {
  items: Listed[];
  next: unknown;
}

/** Where a list is read, and from where on. */
export interface Listing {
  ghl: GhlCalls;
  call: LocationCall;
  /** `next` of the page before; null for the first. */
  after: unknown;
  policy: PollPolicy;
  /** When the round began, for all its pages. */
  startedAt: Date;
  /** When GHL is asked. */
  askedAt: Date;
}

/** How GHL is asked for the records of one kind. */
export interface PollSource {
  /**
   * A page of what has changed; `from` is how far back it goes, null for all there is. The order says when a round may
   * stop: `newest-first` at the first record before `from`, `oldest-first` at the end of the list.
   */
  changes?: {
    order: 'newest-first' | 'oldest-first';
    list: (listing: Listing, from: Date | null) => Promise<ListedPage>;
  };
  /** A page of all there is. */
  listAll(listing: Listing): Promise<ListedPage>;
  /** Reads one record; undefined when GHL says that this location has none such. Absent where GHL has no such call. */
  read?(listing: Omit<Listing, 'after'>, ghlId: string): Promise<Found | undefined>;
  /** The list shows a part of the record only: it is read before anything of it is believed. */
  isPartial(item: Listed): boolean;
  /** What to believe of a listed record beside what is known of it. */
  believe(known: Fields | undefined, listed: Fields): Fields;
  /** Whether a sweep covers a record, by when it starts; where that is absent it covers all. */
  covers?(startsAt: Date | null, listing: Pick<Listing, 'policy' | 'startedAt'>): boolean;
}

/** A list that shows the whole record, which a later list may still not bring back from the dead. */
export const asListed = (seen: Observation): Observation => ({ ...seen, isExact: false });

/** What GHL says it does not have is undefined; every other refusal is raised. */
export async function unlessGone<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof GhlNotFoundError && error.reason === 'not-found') return undefined;
    throw error;
  }
}

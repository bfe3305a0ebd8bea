import type { Listing, Span } from '../domain/backfill.ts';
import {
  chooseSpanToHalve,
  type CountedSpan,
  halve,
  middleOf,
  newSlice,
  type Slice,
} from '../domain/backfill-slices.ts';
import { readGhlTime } from '../domain/ghl-time.ts';
import { listCalendars } from '../ghl/calendars.ts';
import { searchContacts } from '../ghl/contact-search.ts';
import { exportMessages } from '../ghl/messages.ts';
import { contactFilters, type ListingCall } from './backfill-listings.ts';

/** More would cost calls to count and bring nothing: a few readers are as fast as the budget. */
const MOST_SLICES = 16;
/** Before GHL there were no appointments in it. */
const FIRST_APPOINTMENT_MS = Date.UTC(2016, 0, 1);
const APPOINTMENTS_AHEAD_MS = 2 * 366 * 86_400_000;

type Counter = (span: Span) => Promise<{ total: number | null; oldest: Date | null }>;

/**
 * Cuts a list into what is read side by side: a long one by time into pieces with about as many records each, that of
 * appointments by calendar.
 * @returns how many records GHL says there are as well; null where it does not
 */
export async function planSlices(
  of: Pick<ListingCall, 'ghl' | 'call' | 'now' | 'paced'>,
  listing: Listing,
  span: Span,
): Promise<{ slices: Slice[]; total: number | null }> {
  const { ghl, call, paced, now } = of;
  switch (listing) {
    case 'contacts':
      return cutByTime(span, now, async (part) => {
        const found = await paced(() => searchContacts(ghl, call, { pageLimit: 1, ...contactFilters(part) }));
        return { total: found.total, oldest: readGhlTime(found.items[0]?.dateAdded) };
      });
    case 'messages':
    case 'emails':
      return cutByTime(span, now, async ({ from, to }) => {
        const wanted = {
          limit: 10,
          sortBy: 'createdAt' as const,
          ...(listing === 'emails' && { channel: 'Email' as const }),
          ...(from !== null && { from: new Date(from) }),
          ...(to !== null && { to: new Date(to - 1) }),
        };
        const found = await paced(() => exportMessages(ghl, call, wanted));
        return { total: found.total, oldest: readGhlTime(found.items[0]?.dateAdded) };
      });
    case 'appointments': {
      const from = span.from ?? FIRST_APPOINTMENT_MS;
      const to = span.to ?? now().getTime() + APPOINTMENTS_AHEAD_MS;
      const calendars = await paced(() => listCalendars(ghl, call));
      return { slices: calendars.map(({ id }) => newSlice({ from, to }, id)), total: null };
    }
    case 'conversations':
    case 'opportunities':
    case 'transactions':
      return { slices: [newSlice(span)], total: null };
  }
}

async function cutByTime(span: Span, now: () => Date, count: Counter) {
  const { total, oldest } = await count(span);
  const whole: CountedSpan = {
    from: span.from ?? oldest?.getTime() ?? 0,
    to: span.to ?? now().getTime(),
    count: total ?? 0,
  };
  let spans = oldest === null || whole.to <= whole.from ? [] : [whole];
  for (let next = chooseSpanToHalve(spans, MOST_SLICES); next; next = chooseSpanToHalve(spans, MOST_SLICES)) {
    const middle = middleOf(next);
    const first = await count({ from: next.from, to: middle });
    spans = spans.flatMap((each) => (each === next ? halve(each, middle, first.total ?? 0) : [each]));
  }
  const inOrder = spans.filter((each) => each.count > 0).sort((a, b) => a.from - b.from);
  // What comes meanwhile stands behind the last one, and what a span was counted without is read all the same.
  const slices = inOrder.map(({ from }, index) =>
    newSlice({ from: index === 0 ? span.from : from, to: inOrder[index + 1]?.from ?? span.to }),
  );
  return { slices: slices.length > 0 ? slices : [newSlice(span)], total };
}

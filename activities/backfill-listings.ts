import { isWithin, isWrittenMessage, type Listing, type Span } from '../domain/backfill.ts';
import type { Slice } from '../domain/backfill-slices.ts';
import type { FieldValue, Observation } from '../domain/mirror.ts';
import type { GhlCalls, LocationCall } from '../ghl/calls.ts';
import { listCalendarEvents } from '../ghl/calendars.ts';
import { searchContacts } from '../ghl/contact-search.ts';
import type { ContactCursor, ContactFilter } from '../ghl/contact-search-schema.ts';
import { type ConversationCursor, searchConversations } from '../ghl/conversations.ts';
import { GhlNotFoundError } from '../ghl/errors.ts';
import type { GhlMessage } from '../ghl/message-schema.ts';
import { exportMessages, getEmail } from '../ghl/messages.ts';
import { listOpportunities } from '../ghl/opportunities.ts';
import type { OpportunityCursor } from '../ghl/opportunity-schema.ts';
import { listTransactions } from '../ghl/payments.ts';
import { READ_AT_ONCE, sideBySide } from './backfill-pace.ts';
import {
  observeAppointment,
  observeConversation,
  observeFoundContact,
  observeMessage,
  observeOpportunity,
  observeTransaction,
} from './mirror-observations.ts';

/** One page of a list. */
export interface ListedPage {
  /** Records of the span. */
  seen: Observation[];
  /** All that stood on the page, those outside the span and those nobody wrote among them. */
  rows: number;
  /** What goes on behind it; null after the last. */
  next: FieldValue;
  total: number | null;
}

export interface ListingCall {
  ghl: GhlCalls;
  call: LocationCall;
  now: () => Date;
  /** Waits for the budget around every single call. */
  paced: <T>(work: () => Promise<T>) => Promise<T>;
  /** What is stored of e-mails already: they are not read again. */
  findWritten: (ghlIds: string[]) => Promise<ReadonlyMap<string, Record<string, FieldValue>>>;
}

interface Reader {
  /** How the list is ordered by the time its records were made; null: by another time, or not at all. */
  isAscending: boolean | null;
  read(of: ListingCall, slice: Slice): Promise<ListedPage>;
}

const CONTACTS = 500;
const MESSAGES = 500;
/** Each is read by itself, so that a page is one call in fifty and a crash repeats few. */
const EMAILS = 50;
const OTHERS = 100;
/** Calendars are asked for a stretch of time in one piece. */
const APPOINTMENT_WINDOW_MS = 92 * 86_400_000;
const DAY_MS = 86_400_000;

const date = (ms: number | null): Date | undefined => (ms === null ? undefined : new Date(ms));
/** A span without its end, for a list that takes the end in. */
const inclusive = ({ from, to }: Span) => {
  const last = date(to === null ? null : to - 1);
  return { ...(from !== null && { from: new Date(from) }), ...(last && { to: last }) };
};
const inSpan = (span: Span) => (seen: Observation) => isWithin(seen.ghlCreatedAt, span);

/** The shape of a range is not published: what comes is held against the span in any case. */
export function contactFilters({ from, to }: Span): { filters?: ContactFilter[] } {
  if (from === null && to === null) return {};
  const value = {
    ...(from !== null && { gte: new Date(from).toISOString() }),
    ...(to !== null && { lt: new Date(to).toISOString() }),
  };
  return { filters: [{ field: 'dateAdded', operator: 'range', value }] };
}

const contacts: Reader = {
  isAscending: true,
  async read({ ghl, call, now, paced }, slice) {
    const askedAt = now();
    const search = { pageLimit: CONTACTS, ...contactFilters(slice) };
    const after = (slice.after ?? undefined) as ContactCursor | undefined;
    const { items, next, total } = await paced(() => searchContacts(ghl, call, search, after));
    const seen = items.map((item) => observeFoundContact(item, askedAt)).filter(inSpan(slice));
    return { seen, rows: items.length, next, total };
  },
};

const conversations: Reader = {
  isAscending: null,
  async read({ ghl, call, now, paced }, slice) {
    const askedAt = now();
    const after = (slice.after ?? undefined) as ConversationCursor | undefined;
    const found = await paced(() => searchConversations(ghl, call, { limit: OTHERS }, after));
    // Newest first by the last message: one that is silent since before the span has nothing in it.
    const { from } = slice;
    const spoken = found.items.filter(({ lastMessageDate: at }) => at === null || from === null || at >= from);
    const next = spoken.length < found.items.length ? null : found.next;
    const seen = spoken.map((item) => observeConversation(item, askedAt));
    return { seen, rows: found.items.length, next: next && { ...next }, total: from === null ? found.total : null };
  },
};

const messages: Reader = {
  isAscending: true,
  async read({ ghl, call, now, paced }, slice) {
    const askedAt = now();
    const wanted = { limit: MESSAGES, sortBy: 'createdAt' as const, ...inclusive(slice) };
    const { items, next, total } = await paced(() => exportMessages(ghl, call, wanted, textOf(slice.after)));
    const seen = items
      .filter(({ messageType }) => isWrittenMessage(messageType))
      .flatMap((item) => observeMessage(item, askedAt) ?? []);
    return { seen: seen.filter(inSpan(slice)), rows: items.length, next, total };
  },
};

const emails: Reader = {
  isAscending: true,
  async read(of, slice) {
    const { ghl, call, now, paced } = of;
    const askedAt = now();
    const wanted = { limit: EMAILS, channel: 'Email' as const, sortBy: 'createdAt' as const, ...inclusive(slice) };
    const { items, next, total } = await paced(() => exportMessages(ghl, call, wanted, textOf(slice.after)));
    const written = await of.findWritten(items.map(({ id }) => id));
    const seen: Observation[] = [];
    await sideBySide(items, READ_AT_ONCE, async (item) => {
      const whole = await completeEmail(of, item, written.get(item.id), askedAt);
      if (whole) seen.push(whole);
    });
    // A check goes by the order of the list.
    seen.sort((a, b) => a.ghlCreatedAt!.getTime() - b.ghlCreatedAt!.getTime());
    return { seen: seen.filter(inSpan(slice)), rows: items.length, next, total };
  },
};

/** Lists leave the body of an e-mail out; it never changes, so that what is stored of it stands. */
async function completeEmail(
  { ghl, call, paced }: ListingCall,
  message: GhlMessage,
  written: Record<string, FieldValue> | undefined,
  askedAt: Date,
): Promise<Observation | undefined> {
  const listed = observeMessage(message, askedAt);
  const [emailId] = message.meta?.email?.messageIds ?? [];
  if (written && listed) return { ...listed, fields: { ...listed.fields, ...written } };
  if (emailId === undefined) return listed;
  try {
    return observeMessage(message, askedAt, await paced(() => getEmail(ghl, call, emailId)));
  } catch (error) {
    // Deleted since the page was made.
    if (error instanceof GhlNotFoundError && error.reason === 'not-found') return listed;
    throw error;
  }
}

const opportunities: Reader = {
  isAscending: false,
  async read({ ghl, call, now, paced }, slice) {
    const askedAt = now();
    const after = (slice.after ?? undefined) as OpportunityCursor | undefined;
    const { items, next } = await paced(() => listOpportunities(ghl, call, { limit: OTHERS }, after));
    const all = items.map((item) => observeOpportunity(item, askedAt));
    return {
      seen: all.filter(inSpan(slice)),
      rows: items.length,
      next: endBefore(slice, all) ? null : next,
      total: null,
    };
  },
};

const transactions: Reader = {
  isAscending: false,
  async read({ ghl, call, now, paced }, slice) {
    const askedAt = now();
    const offset = typeof slice.after === 'number' ? slice.after : 0;
    // Whose days they are is not published: a day more on each side, and what comes is held against the span.
    const search = {
      limit: OTHERS,
      ...(slice.from !== null && { firstDay: dayOf(slice.from - DAY_MS) }),
      ...(slice.to !== null && { lastDay: dayOf(slice.to + DAY_MS) }),
    };
    const { items, next, total } = await paced(() => listTransactions(ghl, call, search, offset));
    const all = items.map((item) => observeTransaction(item, askedAt));
    return { seen: all.filter(inSpan(slice)), rows: items.length, next: endBefore(slice, all) ? null : next, total };
  },
};

const appointments: Reader = {
  isAscending: null,
  async read({ ghl, call, now, paced }, slice) {
    const askedAt = now();
    const window = appointmentWindow(slice);
    const of = { calendarId: slice.key!, from: new Date(window.from), to: new Date(window.to - 1) };
    const items = await paced(() => listCalendarEvents(ghl, call, of));
    const next = window.to >= slice.to! ? null : window.to;
    return { seen: items.map((item) => observeAppointment(item, askedAt)), rows: items.length, next, total: null };
  },
};

/** The stretch that the next call about a calendar asks for; its slices have both ends. */
export function appointmentWindow({ from, to, after }: Slice): { from: number; to: number } {
  const begin = typeof after === 'number' ? after : from!;
  return { from: begin, to: Math.min(begin + APPOINTMENT_WINDOW_MS, to!) };
}

const textOf = (cursor: FieldValue): string | undefined => (typeof cursor === 'string' ? cursor : undefined);
const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
/** Newest first: behind a record from before the span there is none of it. */
const endBefore = ({ from }: Span, all: readonly Observation[]): boolean => {
  const last = all.at(-1)?.ghlCreatedAt;
  return from !== null && last !== undefined && last !== null && last.getTime() < from;
};

/** How each list is read. */
export const READERS: Record<Listing, Reader> = {
  contacts,
  conversations,
  messages,
  emails,
  opportunities,
  transactions,
  appointments,
};

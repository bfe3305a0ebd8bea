import type { Call } from '../../http/route.ts';
import type { Population } from '../../world/generated/population.ts';
import { intersect, walk } from '../../world/generated/series.ts';
import type { Series, Span } from '../../world/generated/series.ts';
import type { Conversation } from '../../world/messaging-records.ts';
import type { Contact } from '../../world/records.ts';
import { nameOf } from '../contact-view.ts';
import { mergeSorted } from '../merge-sorted.ts';
import type { ConversationSearch } from './conversation-query.ts';

/** A conversation that a search finds; `sortValue` is a time in milliseconds since 1970. */
interface Row {
  conversation: Conversation;
  contact: Contact | undefined;
  sortValue: number;
}

/**
 * Returns the rows behind `startAfterDate` in their order, and the number of all. That date alone is the cursor: where a
 * page ends between rows of one date, the others are lost, which is how the published contract reads.
 */
export function findConversations(call: Call, search: ConversationSearch): { found: Iterable<Row>; total: number } {
  const { conversations, contacts, populations } = call.sim.world;
  const { locationId, contactId, id, startAfterDate } = search;
  const sign = search.sort === 'asc' ? 1 : -1;
  const rowOf = (conversation: Conversation): Row => ({
    conversation,
    contact: contacts.find(conversation.contactId),
    sortValue: sortValueOf(conversation, search),
  });
  const isFound = (row: Row): boolean =>
    row.conversation.locationId === locationId && fits(row.conversation, row.contact, row.sortValue, search);
  const compare = (a: Row, b: Row): number =>
    sign * (a.sortValue - b.sortValue) || a.conversation.id.localeCompare(b.conversation.id);

  const named = id ? [conversations.get(id)].flatMap((one) => one ?? []) : undefined;
  const few = named ?? (contactId ? conversations.listBy('contactId', contactId) : undefined);
  const all = (few ?? conversations.listBy('locationId', locationId)).map(rowOf).filter(isFound);
  const stored = all
    .filter(({ sortValue }) => startAfterDate === undefined || sign * (sortValue - startAfterDate) > 0)
    .sort(compare);
  const population = few ? undefined : populations.of(locationId);
  if (!population) return { found: stored, total: all.length };

  // Nobody has written by hand in a generated conversation, so that it is sorted by its beginning then.
  const { first, last } = population.conversationDates;
  const series = search.sortBy === 'last_manual_message_date' ? first : last;
  const covered = conversations.coveredIn(locationId);
  const source = { population, covered, series, byDateAlone: isByDateAlone(search), rowOf, isFound };
  const span = series.span({ gte: search.startDate, lte: search.endDate });
  const behind = startAfterDate === undefined ? {} : sign > 0 ? { gt: startAfterDate } : { lt: startAfterDate };
  return {
    found: mergeSorted(stored, walkGenerated(source, intersect(span, series.span(behind)), sign), compare),
    total: all.length + countGenerated(source, span),
  };
}

interface Source {
  population: Population;
  covered: ReadonlySet<string>;
  series: Series;
  /** Whether nothing but dates is asked for: rows need not be looked at then. */
  byDateAlone: boolean;
  rowOf: (conversation: Conversation) => Row;
  isFound: (row: Row) => boolean;
}

function* walkGenerated(source: Source, span: Span, sign: number): Generator<Row> {
  for (const index of walk(span, sign)) {
    const conversation = source.population.conversationAt(index);
    if (source.covered.has(conversation.id)) continue;
    const row = source.rowOf(conversation);
    if (source.byDateAlone || source.isFound(row)) yield row;
  }
}

function countGenerated(source: Source, span: Span): number {
  if (!source.byDateAlone) return [...walkGenerated(source, span, 1)].length;
  let count = span[1] - span[0];
  for (const conversationId of source.covered) {
    const index = source.population.indexOf('conversation', conversationId) ?? -1;
    if (index >= span[0] && index < span[1]) count -= 1;
  }
  return count;
}

function isByDateAlone({
  assignedTo,
  query,
  lastMessageType,
  lastMessageAction,
  lastMessageDirection,
  status,
}: ConversationSearch): boolean {
  const others = [assignedTo, query, lastMessageType, lastMessageAction, lastMessageDirection];
  return others.every((value) => value === undefined) && (status === 'all' || status === 'recents');
}

function sortValueOf(conversation: Conversation, { sortBy }: ConversationSearch): number {
  const { lastManualMessageDate, lastMessageDate, dateAdded } = conversation;
  const date = sortBy === 'last_manual_message_date' ? lastManualMessageDate : lastMessageDate;
  return Date.parse(date ?? dateAdded);
}

function fits(
  conversation: Conversation,
  contact: Contact | undefined,
  sortValue: number,
  search: ConversationSearch,
): boolean {
  const wanted: [string | null | undefined, string | undefined][] = [
    [conversation.contactId, search.contactId],
    [conversation.assignedTo, search.assignedTo],
    [conversation.id, search.id],
    [conversation.lastMessageType, search.lastMessageType],
    [conversation.lastMessageAction, search.lastMessageAction],
    [conversation.lastMessageDirection, search.lastMessageDirection],
  ];
  const text = [contact && nameOf(contact), contact?.email, contact?.phone, conversation.lastMessageBody].join(' ');
  return (
    wanted.every(([actual, value]) => value === undefined || actual === value) &&
    (!search.query || text.toLowerCase().includes(search.query.toLowerCase())) &&
    sortValue >= (search.startDate ?? -Infinity) &&
    sortValue <= (search.endDate ?? Infinity) &&
    hasStatus(conversation, search.status)
  );
}

function hasStatus(conversation: Conversation, status: ConversationSearch['status']): boolean {
  switch (status) {
    case 'read':
      return conversation.unreadCount === 0;
    case 'unread':
      return conversation.unreadCount > 0;
    case 'starred':
      return conversation.starred;
    default:
      return true;
  }
}

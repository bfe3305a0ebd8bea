import { z } from 'zod';
import { ok, refusal } from '../../http/reply.ts';
import type { Reply } from '../../http/reply.ts';
import type { Call } from '../../http/route.ts';
import { validate } from '../../http/validate.ts';
import { intersect, walk } from '../../world/generated/series.ts';
import type { Span } from '../../world/generated/series.ts';
import type { Population } from '../../world/generated/population.ts';
import type { Message, MessageType } from '../../world/messaging-records.ts';
import { getCallLocation } from '../lookup.ts';
import { mergeSorted, takePage } from '../merge-sorted.ts';
import { channelOf, isEmail } from './channels.ts';
import { viewMessage } from './message-view.ts';

const text = z.string().optional();
const exportSchema = z.strictObject({
  locationId: z.string().min(1),
  limit: z.coerce.number().int().min(10).max(500).default(100),
  cursor: text,
  sortBy: z.enum(['createdAt', 'updatedAt']).default('createdAt'),
  sortOrder: z.enum(['asc', 'desc']).default('desc'),
  conversationId: text,
  contactId: text,
  channel: z.enum(['Call', 'SMS', 'Email', 'WhatsApp', 'Instagram', 'Facebook']).optional(),
  startDate: text,
  endDate: text,
});

/** What is exported: times in milliseconds since 1970. */
interface Wanted extends Pick<z.output<typeof exportSchema>, 'channel' | 'conversationId' | 'contactId'> {
  sortField: 'dateAdded' | 'dateUpdated';
  sign: number;
  startMs: number;
  endMs: number;
  after: Place | undefined;
}
/** Where a message stands: its date and its id. */
type Place = readonly [date: string, id: string];
const placeSchema = z.tuple([z.string(), z.string()]);

/** Answers `GET /conversations/messages/export`: by date of making or change, page by page behind a cursor. */
export function exportMessages(call: Call): Reply {
  const { locationId, limit, cursor, sortBy, sortOrder, startDate, endDate, ...of } = validate(
    exportSchema,
    call.query,
  );
  getCallLocation(call, locationId);
  const wanted: Wanted = {
    ...of,
    sortField: sortBy === 'updatedAt' ? 'dateUpdated' : 'dateAdded',
    sign: sortOrder === 'asc' ? 1 : -1,
    startMs: timeOf(startDate, 'startDate', -Infinity),
    endMs: timeOf(endDate, 'endDate', Infinity),
    after: cursor === undefined ? undefined : readCursor(cursor),
  };
  const { found, total } = findMessages(call, locationId, wanted);
  const page = takePage(found, 0, limit + 1);
  const messages = page.slice(0, limit);
  const last = page.length > limit ? messages.at(-1) : undefined;
  return ok({
    messages: messages.map(viewMessage),
    nextCursor: last ? writeCursor(placeOf(last, wanted)) : null,
    total,
  });
}

function findMessages(call: Call, locationId: string, wanted: Wanted): { found: Iterable<Message>; total: number } {
  const { messages, populations } = call.sim.world;
  const { contactId, conversationId, sign } = wanted;
  const compare = (a: Message, b: Message): number => sign * comparePlaces(placeOf(a, wanted), placeOf(b, wanted));
  const isBehind = (message: Message): boolean =>
    !wanted.after || sign * comparePlaces(placeOf(message, wanted), wanted.after) > 0;
  // Of one contact all messages are few, generated ones among them.
  const few =
    (conversationId !== undefined && messages.listBy('conversationId', conversationId)) ||
    (contactId !== undefined && messages.listBy('contactId', contactId));
  const known = (few || messages.listBy('locationId', locationId)).filter(
    (message) => message.locationId === locationId && isWanted(message, wanted),
  );
  const stored = known.filter(isBehind).sort(compare);
  const population = few ? undefined : populations.of(locationId);
  if (!population) return { found: stored, total: known.length };
  const covered = messages.coveredIn(locationId);
  const generated = walkGenerated(population, covered, wanted, isBehind);
  return {
    found: mergeSorted(stored, generated, compare),
    total: known.length + countGenerated(population, covered, wanted),
  };
}

function* walkGenerated(
  population: Population,
  covered: ReadonlySet<string>,
  wanted: Wanted,
  isBehind: (message: Message) => boolean,
): Generator<Message> {
  const { sign, sortField, after } = wanted;
  const series = population.messageDates[sortField];
  const atMs = Date.parse(after?.[0] ?? '');
  const rest = after ? series.span(sign > 0 ? { gte: atMs } : { lte: atMs }) : ([0, series.count] as const);
  for (const index of walk(intersect(spanOf(population, wanted), rest), sign)) {
    if (!isOfKind(population.typeOf(index), wanted)) continue;
    const message = population.messageAt(index);
    if (!covered.has(message.id) && isBehind(message)) yield message;
  }
}

function countGenerated(population: Population, covered: ReadonlySet<string>, wanted: Wanted): number {
  const span = spanOf(population, wanted);
  let count = population.countMessages(span, (type) => isOfKind(type, wanted));
  for (const messageId of covered) {
    const index = population.indexOf('message', messageId) ?? -1;
    if (index >= span[0] && index < span[1] && isOfKind(population.typeOf(index), wanted)) count -= 1;
  }
  return count;
}

function spanOf(population: Population, { startMs, endMs }: Wanted): Span {
  return population.messageDates.dateAdded.span({ gte: startMs, lte: endMs });
}

/** Without a channel e-mails are left out and activities are in. */
function isOfKind(messageType: MessageType, { channel }: Wanted): boolean {
  return channel ? channelOf(messageType).exportName === channel : !isEmail({ messageType });
}

function isWanted(message: Message, wanted: Wanted): boolean {
  const atMs = Date.parse(message.dateAdded);
  return (
    isOfKind(message.messageType, wanted) &&
    (!wanted.conversationId || message.conversationId === wanted.conversationId) &&
    (!wanted.contactId || message.contactId === wanted.contactId) &&
    atMs >= wanted.startMs &&
    atMs <= wanted.endMs
  );
}

function timeOf(given: string | undefined, field: string, otherwise: number): number {
  if (given === undefined) return otherwise;
  const atMs = /^\d+$/.test(given) ? Number(given) : Date.parse(given);
  if (Number.isNaN(atMs)) throw refusal(422, [`${field} must be a valid ISO 8601 date string`]);
  return atMs;
}

function placeOf(message: Message, { sortField }: Wanted): Place {
  return [message[sortField], message.id];
}

/** Dates count before ids. */
export function comparePlaces(a: Place, b: Place): number {
  const [left, right] = a[0] === b[0] ? [a[1], b[1]] : [a[0], b[0]];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function writeCursor(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

function readCursor(cursor: string): Place {
  try {
    return placeSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch {
    throw refusal(400, 'Invalid cursor');
  }
}

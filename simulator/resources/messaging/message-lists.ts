import { z } from 'zod';
import { checkLocation } from '../../http/access.ts';
import { ok, refusal } from '../../http/reply.ts';
import type { Route } from '../../http/route.ts';
import { validate } from '../../http/validate.ts';
import { messageTypeSchema } from '../../world/messaging-records.ts';
import type { Message } from '../../world/messaging-records.ts';
import { getCallLocation } from '../lookup.ts';
import { channelOf, isEmail } from './channels.ts';
import { getConversation } from './conversation-writes.ts';
import { viewMessage } from './message-view.ts';

const listSchema = z.strictObject({
  lastMessageId: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  type: z
    .string()
    .transform((names) => names.split(','))
    .pipe(z.array(messageTypeSchema))
    .optional(),
});

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
type Export = z.output<typeof exportSchema>;
const cursorSchema = z.tuple([z.string(), z.string()]);

const read = { access: 'location', scope: 'conversations/message.readonly' } as const;

export const messageListRoutes: Route[] = [
  {
    ...read,
    method: 'get',
    path: '/conversations/messages/export',
    handle(call) {
      const wanted = validate(exportSchema, call.query);
      getCallLocation(call, wanted.locationId);
      const sign = wanted.sortOrder === 'asc' ? 1 : -1;
      const after = wanted.cursor === undefined ? undefined : readCursor(wanted.cursor);
      const found = call.sim.world.messages
        .listBy('locationId', wanted.locationId)
        .filter((message) => isWanted(message, wanted))
        .map((message) => ({ message, key: keyOf(message, wanted) }));
      const rest = found
        .filter(({ key }) => !after || sign * compare(key, after) > 0)
        .sort((a, b) => sign * compare(a.key, b.key));
      const page = rest.slice(0, wanted.limit);
      const last = rest.length > page.length ? page.at(-1) : undefined;
      return ok({
        messages: page.map(({ message }) => viewMessage(message)),
        nextCursor: last ? Buffer.from(JSON.stringify(last.key)).toString('base64url') : null,
        total: found.length,
      });
    },
  },
  {
    ...read,
    method: 'get',
    path: '/conversations/:conversationId/messages',
    handle(call) {
      const { lastMessageId, limit, type } = validate(listSchema, call.query);
      const conversation = getConversation(call.sim, call.params['conversationId'] ?? '');
      checkLocation(call, conversation.locationId);
      const newestFirst = call.sim.world.messages
        .listBy('conversationId', conversation.id)
        .filter((message) => !type || type.includes(message.messageType))
        .sort((a, b) => compare([b.dateAdded, b.id], [a.dateAdded, a.id]));
      const from = lastMessageId ? newestFirst.findIndex(({ id }) => id === lastMessageId) + 1 : 0;
      const page = newestFirst.slice(from, from + limit);
      const list = {
        lastMessageId: page.at(-1)?.id ?? '',
        nextPage: from + limit < newestFirst.length,
        messages: page.map(viewMessage),
      };
      return ok(call.sim.behaviour.messageList === 'nested' ? { messages: list } : list);
    },
  },
];

/** Without a channel e-mails are left out and activities are in. */
function isWanted(message: Message, wanted: Export): boolean {
  const { channel, conversationId, contactId, startDate, endDate } = wanted;
  if (channel ? channelOf(message.messageType).exportName !== channel : isEmail(message)) return false;
  if (conversationId && message.conversationId !== conversationId) return false;
  if (contactId && message.contactId !== contactId) return false;
  if (startDate === undefined && endDate === undefined) return true;
  const atMs = Date.parse(message.dateAdded);
  return atMs >= timeOf(startDate, 'startDate', -Infinity) && atMs <= timeOf(endDate, 'endDate', Infinity);
}

function timeOf(given: string | undefined, field: string, otherwise: number): number {
  if (given === undefined) return otherwise;
  const atMs = /^\d+$/.test(given) ? Number(given) : Date.parse(given);
  if (Number.isNaN(atMs)) throw refusal(422, [`${field} must be a valid ISO 8601 date string`]);
  return atMs;
}

function keyOf(message: Message, { sortBy }: Export): [string, string] {
  return [sortBy === 'updatedAt' ? message.dateUpdated : message.dateAdded, message.id];
}

function compare(a: readonly [string, string], b: readonly [string, string]): number {
  const [left, right] = a[0] === b[0] ? [a[1], b[1]] : [a[0], b[0]];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function readCursor(cursor: string): [string, string] {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch {
    throw refusal(400, 'Invalid cursor');
  }
}

import { z } from 'zod';
import { checkLocation } from '../../http/access.ts';
import { ok, plainRefusal } from '../../http/reply.ts';
import type { Route } from '../../http/route.ts';
import { validate } from '../../http/validate.ts';
import { messageTypeSchema } from '../../world/messaging-records.ts';
import { getConversation } from './conversation-writes.ts';
import { comparePlaces, exportMessages } from './message-export.ts';
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

const read = { access: 'location', scope: 'conversations/message.readonly' } as const;

export const messageListRoutes: Route[] = [
  { ...read, method: 'get', path: '/conversations/messages/export', handle: exportMessages },
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
        .sort((a, b) => comparePlaces([b.dateAdded, b.id], [a.dateAdded, a.id]));
      const last = newestFirst.findIndex(({ id }) => id === lastMessageId);
      // To begin again at the first page would never end; what GHL says of a message that is gone is not known.
      if (lastMessageId && last < 0) throw plainRefusal(404, 'Message not found');
      const from = last + 1;
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

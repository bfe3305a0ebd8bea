import { z } from 'zod';
import { checkLocation } from '../../http/access.ts';
import { ok, plainRefusal } from '../../http/reply.ts';
import type { Call, Route } from '../../http/route.ts';
import { validate } from '../../http/validate.ts';
import type { Conversation } from '../../world/messaging-records.ts';
import { getContact } from '../contact-writes.ts';
import { getCallLocation } from '../lookup.ts';
import { searchConversations } from './conversation-search.ts';
import {
  changeConversation,
  deleteConversation,
  findConversation,
  getConversation,
  openConversation,
  viewConversation,
} from './conversation-writes.ts';

const id = z.string().min(1);
const createSchema = z.strictObject({ locationId: id, contactId: id });
const changeSchema = z.strictObject({
  locationId: id,
  unreadCount: z.number().int().min(0).optional(),
  starred: z.boolean().optional(),
  feedback: z.unknown().optional(),
});

const write = { access: 'location', scope: 'conversations.write' } as const;
const read = { access: 'location', scope: 'conversations.readonly' } as const;
const single = '/conversations/:conversationId';

export const conversationRoutes: Route[] = [
  { ...read, method: 'get', path: '/conversations/search', handle: searchConversations },
  {
    ...write,
    method: 'post',
    path: '/conversations/',
    handle(call) {
      const { locationId, contactId } = validate(createSchema, call.body);
      getCallLocation(call, locationId);
      const contact = getContact(call.sim, contactId);
      checkLocation(call, contact.locationId);
      // The answer does not tell the id of the one that exists: it has to be searched for.
      if (findConversation(call.sim, contactId)) {
        throw plainRefusal(call.sim.behaviour.conversationExistsStatus, 'Conversation already exists');
      }
      const conversation = openConversation(call.sim, contact);
      return ok({ success: true, conversation: viewConversation(conversation) }, 201);
    },
  },
  { ...read, method: 'get', path: single, handle: (call) => ok(viewConversation(getOwn(call))) },
  {
    ...write,
    method: 'put',
    path: single,
    handle(call) {
      const { locationId, unreadCount, starred } = validate(changeSchema, call.body);
      getCallLocation(call, locationId);
      const conversation = changeConversation(call.sim, getOwn(call), {
        ...(unreadCount === undefined ? {} : { unreadCount }),
        ...(starred === undefined ? {} : { starred }),
      });
      return ok({ success: true, conversation: viewConversation(conversation) });
    },
  },
  {
    ...write,
    method: 'delete',
    path: single,
    handle(call) {
      deleteConversation(call.sim, getOwn(call));
      return ok({ success: true });
    },
  },
];

function getOwn(call: Call): Conversation {
  const conversation = getConversation(call.sim, call.params['conversationId'] ?? '');
  checkLocation(call, conversation.locationId);
  return conversation;
}

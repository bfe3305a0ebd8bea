import { ok } from '../../http/reply.ts';
import type { Reply } from '../../http/reply.ts';
import type { Call } from '../../http/route.ts';
import { validate } from '../../http/validate.ts';
import type { Conversation } from '../../world/messaging-records.ts';
import { nameOf } from '../contact-view.ts';
import { getCallLocation } from '../lookup.ts';
import { takePage } from '../merge-sorted.ts';
import { channelOf } from './channels.ts';
import { findConversations } from './conversation-rows.ts';
import { conversationSearchSchema } from './conversation-query.ts';

/** Answers `GET /conversations/search`, newest first unless told otherwise. */
export function searchConversations(call: Call): Reply {
  const search = validate(conversationSearchSchema, call.query);
  getCallLocation(call, search.locationId);
  const { found, total } = findConversations(call, search);
  const conversations = takePage(found, 0, search.limit).map(({ conversation, contact, sortValue }) => ({
    id: conversation.id,
    contactId: conversation.contactId,
    locationId: conversation.locationId,
    lastMessageBody: conversation.lastMessageBody,
    lastMessageType: conversation.lastMessageType,
    lastMessageDirection: conversation.lastMessageDirection,
    lastMessageDate: conversation.lastMessageDate ? Date.parse(conversation.lastMessageDate) : undefined,
    type: isMail(conversation) ? 'TYPE_EMAIL' : 'TYPE_PHONE',
    unreadCount: conversation.unreadCount,
    starred: conversation.starred,
    assignedTo: conversation.assignedTo,
    fullName: contact ? nameOf(contact) : '',
    contactName: contact ? nameOf(contact) : '',
    email: contact?.email,
    phone: contact?.phone,
    sort: [sortValue],
  }));
  return ok({ conversations, total });
}

function isMail({ lastMessageType }: Conversation): boolean {
  return lastMessageType !== undefined && channelOf(lastMessageType).name === 'Email';
}

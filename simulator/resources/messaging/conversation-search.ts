import { z } from 'zod';
import { ok } from '../../http/reply.ts';
import type { Reply } from '../../http/reply.ts';
import type { Call } from '../../http/route.ts';
import { validate } from '../../http/validate.ts';
import type { Conversation } from '../../world/messaging-records.ts';
import type { Contact } from '../../world/records.ts';
import { nameOf } from '../contact-view.ts';
import { getCallLocation } from '../lookup.ts';
import { channelOf } from './channels.ts';

const text = z.string().optional();
const searchSchema = z.strictObject({
  locationId: z.string().min(1),
  contactId: text,
  assignedTo: text,
  followers: text,
  mentions: text,
  query: text,
  sort: z.enum(['asc', 'desc']).default('desc'),
  /** The sort value of the last row of the page before, in milliseconds. */
  startAfterDate: z.coerce.number().optional(),
  id: text,
  limit: z.coerce.number().int().min(1).max(100).default(20),
  lastMessageType: text,
  lastMessageAction: z.enum(['automated', 'manual']).optional(),
  lastMessageDirection: z.enum(['inbound', 'outbound']).optional(),
  status: z.enum(['all', 'read', 'unread', 'starred', 'recents']).default('all'),
  sortBy: z.enum(['last_manual_message_date', 'last_message_date', 'score_profile', 'overdue_at', 'due_at']).optional(),
  /** Score profiles are taken and not obeyed: nothing here has a score. */
  sortScoreProfile: text,
  scoreProfile: text,
  scoreProfileMin: z.coerce.number().optional(),
  scoreProfileMax: z.coerce.number().optional(),
  startDate: z.coerce.number().optional(),
  endDate: z.coerce.number().optional(),
});
type Search = z.output<typeof searchSchema>;

/** Answers `GET /conversations/search`, newest first unless told otherwise. */
export function searchConversations(call: Call): Reply {
  const search = validate(searchSchema, call.query);
  getCallLocation(call, search.locationId);
  const { world } = call.sim;
  const sign = search.sort === 'asc' ? 1 : -1;
  const found = world.conversations
    .listBy('locationId', search.locationId)
    .map((conversation) => ({ conversation, contact: world.contacts.find(conversation.contactId) }))
    .map((row) => ({ ...row, sortValue: sortValueOf(row.conversation, search) }))
    .filter((row) => fits(row.conversation, row.contact, row.sortValue, search))
    .sort((a, b) => sign * (a.sortValue - b.sortValue) || a.conversation.id.localeCompare(b.conversation.id));
  const { startAfterDate } = search;
  const rest = found.filter(({ sortValue }) => startAfterDate === undefined || sign * (sortValue - startAfterDate) > 0);
  const conversations = rest.slice(0, search.limit).map(({ conversation, contact, sortValue }) => ({
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
  return ok({ conversations, total: found.length });
}

function isMail({ lastMessageType }: Conversation): boolean {
  return lastMessageType !== undefined && channelOf(lastMessageType).name === 'Email';
}

function sortValueOf(conversation: Conversation, { sortBy }: Search): number {
  const { lastManualMessageDate, lastMessageDate, dateAdded } = conversation;
  const date = sortBy === 'last_manual_message_date' ? lastManualMessageDate : lastMessageDate;
  return Date.parse(date ?? dateAdded);
}

function fits(conversation: Conversation, contact: Contact | undefined, sortValue: number, search: Search): boolean {
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

function hasStatus(conversation: Conversation, status: Search['status']): boolean {
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

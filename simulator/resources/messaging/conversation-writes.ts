import { plainRefusal } from '../../http/reply.ts';
import type { Simulation } from '../../simulation.ts';
import type { Conversation, Message } from '../../world/messaging-records.ts';
import type { Contact } from '../../world/records.ts';
import { isEmail } from './channels.ts';

/** Returns the conversation. Raises 404 where it does not exist. */
export function getConversation(sim: Simulation, conversationId: string): Conversation {
  const conversation = sim.world.conversations.get(conversationId);
  if (!conversation) throw plainRefusal(404, 'Conversation not found');
  return conversation;
}

/** Returns the one conversation of a contact, if it has begun. */
export function findConversation(sim: Simulation, contactId: string): Conversation | undefined {
  return sim.world.conversations.listBy('contactId', contactId)[0];
}

/** Returns the conversation of a contact and begins it where there is none. */
export function openConversation(sim: Simulation, contact: Contact): Conversation {
  const known = findConversation(sim, contact.id);
  if (known) return known;
  const now = sim.clock.now().toISOString();
  const conversation: Conversation = {
    id: sim.random.id(),
    locationId: contact.locationId,
    contactId: contact.id,
    unreadCount: 0,
    starred: false,
    inbox: true,
    lastMessageBody: '',
    dateAdded: now,
    dateUpdated: now,
  };
  sim.world.conversations.set(conversation.id, conversation);
  return conversation;
}

/** Changes a conversation; a changed count of unread messages is announced. */
export function changeConversation(
  sim: Simulation,
  before: Conversation,
  change: Partial<Pick<Conversation, 'unreadCount' | 'starred' | 'assignedTo'>>,
): Conversation {
  const after = { ...before, ...change, dateUpdated: sim.clock.now().toISOString() };
  sim.world.conversations.set(after.id, after);
  if (after.unreadCount !== before.unreadCount) announceUnread(sim, after, false);
  return after;
}

/** Removes a conversation with its messages. */
export function deleteConversation(sim: Simulation, conversation: Conversation): void {
  const messageIds = sim.world.messages.listBy('conversationId', conversation.id).map(({ id }) => id);
  for (const id of messageIds) {
    sim.world.messages.delete(id);
    sim.agenda.cancel(id);
  }
  sim.world.conversations.delete(conversation.id);
  sim.changes.noteRemoved('message', messageIds, sim.clock.now());
  sim.changes.noteRemoved('conversation', [conversation.id], sim.clock.now());
  announceUnread(sim, conversation, true);
}

/** Lets a conversation show its newest message; inbound ones are unread. */
export function noteLastMessage(sim: Simulation, message: Message): void {
  const before = getConversation(sim, message.conversationId);
  const manual = message.source === 'app';
  const after: Conversation = {
    ...before,
    lastMessageBody: isEmail(message) ? (message.email?.subject ?? '') : message.body,
    lastMessageType: message.messageType,
    lastMessageDirection: message.direction,
    lastMessageAction: manual ? 'manual' : 'automated',
    lastMessageDate: message.dateAdded,
    ...(manual ? { lastManualMessageDate: message.dateAdded } : {}),
    dateUpdated: message.dateAdded,
  };
  const unread = message.direction === 'inbound' ? before.unreadCount + 1 : before.unreadCount;
  changeConversation(sim, after, { unreadCount: unread });
}

/** A conversation as the API shows it on its own. */
export function viewConversation(conversation: Conversation): Record<string, unknown> {
  const { lastMessageDate, dateAdded } = conversation;
  return { ...conversation, lastMessageDate: lastMessageDate ?? dateAdded, deleted: false, type: 1 };
}

function announceUnread(sim: Simulation, conversation: Conversation, deleted: boolean): void {
  const { id, contactId, unreadCount, inbox, starred, locationId } = conversation;
  const companyId = sim.world.locations.get(locationId)?.companyId ?? '';
  const fields = { id, contactId, unreadCount, inbox, starred, deleted };
  sim.emitter.emit({ type: 'ConversationUnreadUpdate', companyId, locationId, fields });
}

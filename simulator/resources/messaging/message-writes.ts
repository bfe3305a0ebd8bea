import { plainRefusal } from '../../http/reply.ts';
import type { Simulation } from '../../simulation.ts';
import type { Conversation, Message, MessageStatus, MessageType } from '../../world/messaging-records.ts';
import type { Contact } from '../../world/records.ts';
import { isEmail } from './channels.ts';
import { noteLastMessage, openConversation } from './conversation-writes.ts';
import { messageEventFields } from './message-view.ts';
import { withOptOut } from './opt-out.ts';
import { deliverByProvider } from './provider-delivery.ts';
import { refuseSend } from './refusals.ts';

/** What is written, whoever writes it. */
export interface Draft {
  messageType: MessageType;
  body: string;
  attachments?: string[] | undefined;
  from?: string | undefined;
  to?: string | undefined;
  subject?: string | undefined;
  cc?: string[] | undefined;
  bcc?: string[] | undefined;
  threadId?: string | undefined;
  conversationProviderId?: string | undefined;
  call?: Message['call'];
}

/** Who writes, and when it is to go. */
export interface Sending {
  source: Message['source'];
  userId?: string | undefined;
  /** Of the simulator's clock; without it at once. */
  atMs?: number | undefined;
}

/** Returns the message. Raises 404 where it does not exist. */
export function getMessage(sim: Simulation, messageId: string): Message {
  const message = sim.world.messages.get(messageId);
  if (!message) throw plainRefusal(404, 'Message not found');
  return message;
}

/**
 * Takes a message for sending: it is pending (or scheduled) and what becomes of it shows later.
 * Raises the 400 of a refusal. A message of a custom provider stays pending until the provider reports.
 */
export function sendMessage(sim: Simulation, contact: Contact, draft: Draft, sending: Sending): Message {
  refuseSend(sim, contact, draft.messageType);
  const conversation = openConversation(sim, contact);
  const isSms = draft.messageType === 'TYPE_SMS';
  const earlier = isSms ? sim.world.messages.listBy('conversationId', conversation.id) : [];
  const location = sim.world.locations.get(contact.locationId);
  const waitMs = Math.max(0, (sending.atMs ?? 0) - sim.clock.nowMs());
  const message: Message = {
    ...compose(sim, conversation, draft, {
      from: draft.from ?? (isSms ? location?.phone : location?.email),
      to: draft.to ?? (isSms ? contact.phone : contact.email) ?? undefined,
    }),
    body: isSms ? withOptOut(sim, contact, draft.body, earlier) : draft.body,
    direction: 'outbound',
    status: waitMs > 0 ? 'scheduled' : 'pending',
    source: sending.source,
    ...(sending.userId ? { userId: sending.userId } : {}),
  };
  keep(sim, message);
  if (message.conversationProviderId) deliverByProvider(sim, message, contact.phone);
  else {
    sim.agenda.add('message-send', message.id, waitMs > 0 ? waitMs : sim.behaviour.messageSentAfterMs);
  }
  return message;
}

/** Takes in what was written or said outside GHL, now or at a date given, and announces it. */
export function takeInbound(
  sim: Simulation,
  contact: Contact,
  draft: Draft,
  dateAdded?: string,
  direction: Message['direction'] = 'inbound',
): Message {
  const conversation = openConversation(sim, contact);
  const message: Message = {
    ...compose(sim, conversation, draft, {
      from: draft.from ?? (isEmail(draft) ? contact.email : contact.phone) ?? undefined,
      to: draft.to ?? sim.world.locations.get(contact.locationId)?.phone,
    }),
    ...(dateAdded ? { dateAdded } : {}),
    direction,
    status: 'delivered',
  };
  keep(sim, message);
  announceMessage(sim, message);
  return message;
}

/** Puts a line into a conversation that tells what happened beside it; where no conversation has begun, nothing. */
export function noteActivity(sim: Simulation, contactId: string, messageType: MessageType, body: string): void {
  const conversation = sim.world.conversations.listBy('contactId', contactId)[0];
  if (!conversation) return;
  const line = compose(sim, conversation, { messageType, body }, {});
  sim.world.messages.set(line.id, { ...line, direction: 'outbound', status: 'delivered' });
}

/** Writes the status of a message and returns it; whoever calls decides whether that is announced. */
export function setStatus(sim: Simulation, message: Message, status: MessageStatus): Message {
  const after = { ...message, status, dateUpdated: sim.clock.now().toISOString() };
  sim.world.messages.set(after.id, after);
  return after;
}

/** Fires InboundMessage or OutboundMessage. */
export function announceMessage(sim: Simulation, message: Message): void {
  const companyId = sim.world.locations.get(message.locationId)?.companyId ?? '';
  const type = message.direction === 'inbound' ? 'InboundMessage' : 'OutboundMessage';
  sim.emitter.emit({ type, companyId, locationId: message.locationId, fields: messageEventFields(message) });
}

function keep(sim: Simulation, message: Message): void {
  sim.world.messages.set(message.id, message);
  noteLastMessage(sim, message);
}

function compose(
  sim: Simulation,
  conversation: Conversation,
  draft: Draft,
  ends: { from?: string | undefined; to?: string | undefined },
): Omit<Message, 'direction' | 'status'> {
  const now = sim.clock.now().toISOString();
  const email = isEmail(draft);
  return {
    id: sim.random.id(),
    locationId: conversation.locationId,
    contactId: conversation.contactId,
    conversationId: conversation.id,
    messageType: draft.messageType,
    body: draft.body,
    contentType: email ? 'text/html' : 'text/plain',
    attachments: draft.attachments ?? [],
    source: 'app',
    ...(draft.conversationProviderId ? { conversationProviderId: draft.conversationProviderId } : {}),
    ...(email ? {} : { from: ends.from, to: ends.to }),
    ...(draft.call ? { call: draft.call } : {}),
    ...(email
      ? {
          email: {
            id: sim.random.id(),
            subject: draft.subject ?? '',
            from: ends.from ?? '',
            to: ends.to ? [ends.to] : [],
            cc: draft.cc ?? [],
            bcc: draft.bcc ?? [],
            threadId: draft.threadId,
          },
        }
      : {}),
    dateAdded: now,
    dateUpdated: now,
  };
}

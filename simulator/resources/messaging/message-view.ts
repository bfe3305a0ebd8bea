import type { Message } from '../../world/messaging-records.ts';
import { channelOf, isEmail } from './channels.ts';

/** A message as lists, the export and `GET /conversations/messages/{id}` show it: an e-mail comes without its body. */
export function viewMessage(message: Message): Record<string, unknown> {
  return {
    id: message.id,
    type: channelOf(message.messageType).number,
    messageType: message.messageType,
    locationId: message.locationId,
    contactId: message.contactId,
    conversationId: message.conversationId,
    dateAdded: message.dateAdded,
    ...(isEmail(message) ? {} : { body: message.body }),
    direction: message.direction,
    status: message.status,
    contentType: message.contentType,
    attachments: message.attachments,
    ...metaOf(message),
    source: message.source,
    ...(message.userId ? { userId: message.userId } : {}),
    ...(message.conversationProviderId ? { conversationProviderId: message.conversationProviderId } : {}),
  };
}

/** An e-mail as `GET /conversations/messages/email/{id}` shows it, body included. */
export function viewEmail(message: Message): Record<string, unknown> {
  const { email } = message;
  return {
    id: email?.id ?? message.id,
    threadId: email?.threadId ?? email?.id ?? message.id,
    locationId: message.locationId,
    contactId: message.contactId,
    conversationId: message.conversationId,
    dateAdded: message.dateAdded,
    subject: email?.subject ?? '',
    body: message.body,
    direction: message.direction,
    status: message.status,
    contentType: message.contentType,
    attachments: message.attachments,
    provider: 'Leadconnector',
    from: email?.from ?? '',
    to: email?.to ?? [],
    cc: email?.cc ?? [],
    bcc: email?.bcc ?? [],
    source: message.source,
  };
}

/** The fields of InboundMessage and OutboundMessage beside the envelope; only the latter names a source. */
export function messageEventFields(message: Message): Record<string, unknown> {
  const { number, name } = channelOf(message.messageType);
  const { email, call } = message;
  return {
    contactId: message.contactId,
    conversationId: message.conversationId,
    messageId: message.id,
    messageType: name,
    messageTypeId: number,
    messageTypeString: message.messageType,
    direction: message.direction,
    status: message.status,
    body: message.body,
    contentType: message.contentType,
    attachments: message.attachments,
    dateAdded: message.dateAdded,
    ...(message.userId ? { userId: message.userId } : {}),
    ...(message.direction === 'outbound' ? { source: message.source } : {}),
    ...(message.conversationProviderId ? { conversationProviderId: message.conversationProviderId } : {}),
    ...(message.from ? { from: message.from } : {}),
    ...(message.to ? { to: message.to } : {}),
    ...(call ? { callDuration: call.durationSeconds, callStatus: call.status } : {}),
    ...(email
      ? {
          emailMessageId: email.id,
          threadId: email.threadId ?? email.id,
          subject: email.subject,
          from: email.from,
          to: email.to,
          cc: email.cc,
          bcc: email.bcc,
          provider: 'Leadconnector',
        }
      : {}),
  };
}

function metaOf({ call, email }: Message): Record<string, unknown> {
  if (call) return { meta: { callDuration: String(call.durationSeconds), callStatus: call.status } };
  return email ? { meta: { email: { messageIds: [email.id] } } } : {};
}

import type { GhlCalls, LocationCall } from './calls.ts';
import type { GhlEmail, GhlMessage, MessageStatusFields, SendMessageFields, SentMessage } from './message-schema.ts';
import type { Page } from './page.ts';

/**
 * Sends one message, which is billed and cannot be taken back. GHL knows no key of ours, so nothing keeps a second call
 * from sending a second message: this is called once, and what became of it is looked for.
 *
 * The answer says that the message was taken, not that it was sent: its status is `pending` or `scheduled`, and changes
 * later. GHL may append its opt-out text to an SMS.
 *
 * Certainly not sent: GhlRateLimitedError, GhlCircuitOpenError, GhlForbiddenError (`dnd`, `unsubscribed`, `sms-limit`,
 * `location-inactive`, …), GhlNotFoundError for an unknown contact, GhlAuthExpiredError, a GhlUnavailableError that is
 * not ambiguous, and GhlInvalidError (`request-shape`, `missing-phone`, `missing-email`, …) with two exceptions:
 * `response-shape`, where GHL took it and answered nothing that tells which (so seen with an unknown
 * `conversationProviderId`, where nothing was sent), and `validation`, after which creates were once seen to exist.
 * Not known: those two, and an ambiguous GhlUnavailableError.
 */
export async function sendMessage(
  ghl: GhlCalls,
  context: LocationCall,
  message: SendMessageFields,
): Promise<SentMessage> {
  return ghl.call('sendMessage', { ...context, body: { ...message } });
}

/** The message with its status of now. Raises GhlNotFoundError; a person's "retry" in GHL removes a failed message. */
export async function getMessage(ghl: GhlCalls, context: LocationCall, messageId: string): Promise<GhlMessage> {
  return ghl.call('getMessage', { ...context, path: { messageId } });
}

/** An e-mail with its body, by the id found in `meta.email.messageIds` or told by the send; lists leave bodies out. */
export async function getEmail(ghl: GhlCalls, context: LocationCall, emailMessageId: string): Promise<GhlEmail> {
  return ghl.call('getEmail', { ...context, path: { emailMessageId } });
}

/**
 * One page of a conversation, newest first; `limit` is at most 100. E-mails come without their bodies.
 * @param types such as `TYPE_SMS`; without them activities are among the messages
 * @param after the id of the last message of the page before
 */
export async function listMessages(
  ghl: GhlCalls,
  context: LocationCall,
  of: { conversationId: string; limit: number; types?: string[] },
  after?: string,
): Promise<Page<GhlMessage, string>> {
  const query = { lastMessageId: after, limit: String(of.limit), type: of.types?.join(',') };
  const path = { conversationId: of.conversationId };
  const { messages, nextPage, lastMessageId } = await ghl.call('listMessages', { ...context, path, query });
  return { items: messages, next: nextPage ? (lastMessageId ?? messages.at(-1)?.id ?? null) : null };
}

export interface MessageExport {
  /** 10 to 500. */
  limit: number;
  channel?: 'Call' | 'SMS' | 'Email' | 'WhatsApp' | 'Instagram' | 'Facebook';
  contactId?: string;
  conversationId?: string;
  from?: Date;
  to?: Date;
  /** By which time they are listed, oldest first; by default that of their last change. */
  sortBy?: 'createdAt' | 'updatedAt';
}

/**
 * One page of all messages of the location, the one changed longest ago first, so that a later run can go on where this
 * one ended. Without a channel GHL leaves e-mails out, and puts activities in that nobody wrote: run it once without
 * and once with `Email`. E-mails come without their bodies: see `getEmail`.
 * @param after `next` of the page before, with the same wishes
 */
export async function exportMessages(
  ghl: GhlCalls,
  context: LocationCall,
  wanted: MessageExport,
  after?: string,
): Promise<Page<GhlMessage, string> & { total: number | null }> {
  const query = {
    locationId: context.resource.ghlLocationId,
    sortBy: wanted.sortBy ?? 'updatedAt',
    sortOrder: 'asc',
    limit: String(wanted.limit),
    cursor: after,
    channel: wanted.channel,
    contactId: wanted.contactId,
    conversationId: wanted.conversationId,
    startDate: wanted.from?.toISOString(),
    endDate: wanted.to?.toISOString(),
  };
  const answer = await ghl.call('exportMessages', { ...context, query });
  return { items: answer.messages, next: answer.nextCursor, total: answer.total };
}

/**
 * Reports what became of a message of our own conversation provider; no other app may. Repeating it changes nothing.
 * @throws GhlUnavailableError `provider-not-ready` in the first 5 to 10 seconds of a message, and for ever for a
 *   message that no provider of ours carries
 */
export async function setMessageStatus(
  ghl: GhlCalls,
  context: LocationCall,
  messageId: string,
  status: MessageStatusFields,
): Promise<void> {
  await ghl.call('setMessageStatus', { ...context, path: { messageId }, body: { ...status } });
}

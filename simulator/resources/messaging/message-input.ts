import { z } from 'zod';
import { refusal } from '../../http/reply.ts';
import { sendTypes } from './channels.ts';
import type { Draft } from './message-writes.ts';

const id = z.string().min(1);
const text = z.string().optional();
const texts = z.array(z.string()).optional();

/** Body of `POST /conversations/messages`. (The published schema also requires `subType` and `status`; the real one does not.) */
export const sendSchema = z.strictObject({
  type: z.enum(Object.keys(sendTypes) as (keyof typeof sendTypes)[]),
  contactId: id,
  message: text,
  html: text,
  subject: text,
  attachments: texts,
  fromNumber: text,
  toNumber: text,
  emailFrom: text,
  emailTo: text,
  emailCc: texts,
  emailBcc: texts,
  emailReplyMode: z.enum(['reply', 'reply_all']).optional(),
  replyMessageId: text,
  templateId: text,
  threadId: text,
  /** UTC, in seconds. */
  scheduledTimestamp: z.number().int().optional(),
  conversationProviderId: text,
  customSubtypeId: text,
  appointmentId: text,
  /** Both belong to GHL's choice of the best time to send; taken and not obeyed. */
  usesNativeSchedulingAi: z.boolean().optional(),
  optimizationPeriod: z.enum(['24h', '48h', '72h']).optional(),
  forward: z.unknown().optional(),
  subType: z.unknown().optional(),
  status: z.enum(['delivered', 'failed', 'pending', 'read']).optional(),
});

/** What is said of a call. */
export const spokenSchema = z.strictObject({ to: text, from: text, status: text });

/** Body of `POST /conversations/messages/inbound`; `call` is taken and, these being messages in writing, not looked at. */
export const inboundSchema = z.strictObject({
  type: z.enum(Object.keys(sendTypes) as (keyof typeof sendTypes)[]),
  conversationId: id.optional(),
  contactId: id.optional(),
  conversationProviderId: text,
  message: text,
  html: text,
  subject: text,
  attachments: texts,
  emailFrom: text,
  emailTo: text,
  emailCc: texts,
  emailBcc: texts,
  emailMessageId: text,
  altId: text,
  direction: z.enum(['inbound', 'outbound']).optional(),
  date: z.iso.datetime({ offset: true }).optional(),
  call: spokenSchema.optional(),
});

type Written = Pick<
  z.output<typeof sendSchema>,
  | 'type'
  | 'message'
  | 'html'
  | 'subject'
  | 'attachments'
  | 'emailFrom'
  | 'emailTo'
  | 'emailCc'
  | 'emailBcc'
  | 'conversationProviderId'
> & { fromNumber?: string | undefined; toNumber?: string | undefined; threadId?: string | undefined };

/** Returns what is to be written. Raises 422 where there is nothing to say. */
export function draftOf(input: Written, templateId?: string): Draft {
  const isEmail = input.type === 'Email';
  const body = (isEmail ? (input.html ?? input.message) : input.message) ?? '';
  if (body === '' && !input.attachments?.length && !templateId) {
    throw refusal(422, 'There is no message or attachments for this message. Skip sending.');
  }
  return {
    messageType: sendTypes[input.type],
    body,
    attachments: input.attachments,
    from: isEmail ? input.emailFrom : input.fromNumber,
    to: isEmail ? input.emailTo : input.toNumber,
    subject: input.subject,
    cc: input.emailCc,
    bcc: input.emailBcc,
    threadId: input.threadId,
    conversationProviderId: input.conversationProviderId,
  };
}

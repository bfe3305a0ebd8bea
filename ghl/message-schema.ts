import { z } from 'zod';
import { looseNumber, looseText, looseTexts } from './loose-fields.ts';

const id = z.string().min(1);

const shared = {
  contactId: id,
  attachments: z.array(z.string()).optional(),
  templateId: id.optional(),
  threadId: id.optional(),
  replyMessageId: id.optional(),
  appointmentId: id.optional(),
  /** When it is to go; GHL counts it in seconds. */
  scheduledTimestamp: z
    .date()
    .transform((sendAt) => Math.ceil(sendAt.getTime() / 1000))
    .optional(),
};
const short = { ...shared, message: z.string().optional(), fromNumber: id.optional(), toNumber: id.optional() };
const addresses = z.array(z.email()).optional();

/**
 * The published schema requires `subType` and `status` as well, which is wrong. There is no place for a key or a
 * reference of ours.
 */
export const sendMessageBodySchema = z
  .discriminatedUnion('type', [
    z.object({ type: z.enum(['SMS', 'RCS', 'WhatsApp', 'IG', 'FB', 'Live_Chat', 'TIKTOK']), ...short }),
    z.object({ type: z.literal('Custom'), ...short, conversationProviderId: id }),
    z.object({
      type: z.literal('Email'),
      ...shared,
      subject: id,
      html: z.string().optional(),
      message: z.string().optional(),
      emailFrom: z.string().optional(),
      emailTo: z.email().optional(),
      emailCc: addresses,
      emailBcc: addresses,
      emailReplyMode: z.enum(['reply', 'reply_all']).optional(),
      conversationProviderId: id.optional(),
    }),
  ])
  .refine(
    (body) => Boolean(body.message || ('html' in body && body.html) || body.attachments?.length || body.templateId),
    {
      error: 'there is nothing to send',
      path: ['message'],
    },
  );
export type SendMessageFields = z.input<typeof sendMessageBodySchema>;

/** Both ids are told, or the answer is worth nothing: without them the message cannot be followed. */
export const sentMessageSchema = z.object({
  messageId: id,
  conversationId: id,
  emailMessageId: looseText,
  status: looseText,
});
export type SentMessage = z.output<typeof sentMessageSchema>;

export const messageSchema = z.object({
  id,
  /** 1 call, 2 SMS, 10 voicemail, 34 custom call; others are not published. */
  type: looseNumber,
  /** `TYPE_SMS`, `TYPE_EMAIL`, …; `TYPE_ACTIVITY_…` is nothing anybody wrote. */
  messageType: looseText,
  locationId: looseText,
  contactId: looseText,
  conversationId: looseText,
  dateAdded: looseText,
  /** Null for e-mails: see `getEmail`. */
  body: looseText,
  direction: looseText,
  /** pending, scheduled, queued, sent, delivered, read, opened, clicked, connected, failed, undelivered or opt_out. */
  status: looseText,
  contentType: looseText,
  attachments: looseTexts,
  source: looseText,
  userId: looseText,
  conversationProviderId: looseText,
  meta: z
    .object({
      callDuration: looseText,
      callStatus: looseText,
      email: z.object({ messageIds: looseTexts }).nullish().catch(null),
    })
    .nullish()
    .catch(null),
});
export type GhlMessage = z.output<typeof messageSchema>;

const listSchema = z.object({
  lastMessageId: looseText,
  nextPage: z.boolean(),
  messages: z.array(messageSchema),
});
/** What really comes is one level deeper than the published schema; both are understood. */
export const messageListSchema = z.union([
  z.object({ messages: listSchema }).transform(({ messages }) => messages),
  listSchema,
]);

export const messageExportSchema = z.object({
  messages: z.array(messageSchema),
  nextCursor: looseText,
  total: looseNumber,
});

export const emailSchema = z.object({
  id,
  threadId: looseText,
  contactId: looseText,
  conversationId: looseText,
  dateAdded: looseText,
  subject: looseText,
  body: looseText,
  direction: looseText,
  status: looseText,
  from: looseText,
  to: looseTexts,
  cc: looseTexts,
  bcc: looseTexts,
});
export type GhlEmail = z.output<typeof emailSchema>;

export const messageStatusBodySchema = z.object({
  status: z.enum(['delivered', 'failed', 'pending', 'read']),
  error: z.object({ code: id, type: id, message: z.string() }).optional(),
  emailMessageId: id.optional(),
  recipients: z.array(z.string()).optional(),
});
export type MessageStatusFields = z.input<typeof messageStatusBodySchema>;

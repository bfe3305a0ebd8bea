import { z } from 'zod';

const id = z.string().min(1);
const isoDate = z.iso.datetime({ offset: true });

/** What a message travels by, as `POST /conversations/messages` names it, beside the calls and activities of GHL itself. */
export const messageTypeSchema = z.enum([
  'TYPE_CALL',
  'TYPE_SMS',
  'TYPE_RCS',
  'TYPE_EMAIL',
  'TYPE_FACEBOOK',
  'TYPE_GMB',
  'TYPE_INSTAGRAM',
  'TYPE_WHATSAPP',
  'TYPE_LIVE_CHAT',
  'TYPE_TIKTOK',
  'TYPE_CUSTOM_SMS',
  'TYPE_CUSTOM_EMAIL',
  'TYPE_ACTIVITY_CONTACT',
  'TYPE_ACTIVITY_INVOICE',
  'TYPE_ACTIVITY_PAYMENT',
  'TYPE_ACTIVITY_OPPORTUNITY',
  'TYPE_ACTIVITY_APPOINTMENT',
]);

export const messageStatusSchema = z.enum([
  'connected',
  'delivered',
  'failed',
  'opened',
  'pending',
  'read',
  'scheduled',
  'sent',
  'undelivered',
  'clicked',
  'opt_out',
  'queued',
]);

export const messageSourceSchema = z.enum(['workflow', 'bulk_actions', 'campaign', 'api', 'app']);

/** The thread of one contact; a contact has one at most. */
export const conversationSchema = z.object({
  id,
  locationId: id,
  contactId: id,
  assignedTo: z.string().nullish(),
  unreadCount: z.number().int().default(0),
  starred: z.boolean().default(false),
  inbox: z.boolean().default(true),
  lastMessageBody: z.string().default(''),
  lastMessageType: messageTypeSchema.optional(),
  lastMessageDirection: z.enum(['inbound', 'outbound']).optional(),
  lastMessageAction: z.enum(['automated', 'manual']).optional(),
  lastMessageDate: isoDate.optional(),
  lastManualMessageDate: isoDate.optional(),
  dateAdded: isoDate,
  dateUpdated: isoDate,
});

/** What only e-mails have; the body of the message holds the HTML. */
const emailSchema = z.object({
  /** The e-mail's own id, by which alone its body can be read. */
  id,
  subject: z.string().default(''),
  from: z.string().default(''),
  to: z.array(z.string()).default([]),
  cc: z.array(z.string()).default([]),
  bcc: z.array(z.string()).default([]),
  threadId: z.string().optional(),
});

export const messageSchema = z.object({
  id,
  locationId: id,
  contactId: id,
  conversationId: id,
  messageType: messageTypeSchema,
  direction: z.enum(['inbound', 'outbound']),
  status: messageStatusSchema.default('delivered'),
  body: z.string().default(''),
  contentType: z.string().default('text/plain'),
  attachments: z.array(z.string()).default([]),
  source: messageSourceSchema.default('app'),
  userId: z.string().nullish(),
  conversationProviderId: z.string().nullish(),
  from: z.string().nullish(),
  to: z.string().nullish(),
  email: emailSchema.optional(),
  call: z.object({ durationSeconds: z.number(), status: z.string() }).optional(),
  dateAdded: isoDate,
  dateUpdated: isoDate,
});

/** A custom channel that an app brings: its messages stay pending until the app reports what became of them. */
export const conversationProviderSchema = z.object({
  id,
  locationId: id,
  type: z.enum(['SMS', 'Email']).default('SMS'),
  /** Where messages to be delivered are sent, signed for this app; without them nothing is sent. */
  deliveryUrl: z.url().optional(),
  clientId: id.optional(),
});

export type Conversation = z.infer<typeof conversationSchema>;
export type Message = z.infer<typeof messageSchema>;
export type MessageType = z.infer<typeof messageTypeSchema>;
export type MessageStatus = z.infer<typeof messageStatusSchema>;

import { z } from 'zod';
import { looseNumber, looseText } from './loose-fields.ts';

export const conversationSchema = z.object({
  id: z.string().min(1),
  contactId: looseText,
  locationId: looseText,
  assignedTo: looseText,
  unreadCount: looseNumber,
});
export type GhlConversation = z.output<typeof conversationSchema>;

const foundConversationSchema = conversationSchema.extend({
  lastMessageType: looseText,
  lastMessageDirection: looseText,
  /** Milliseconds since 1970. */
  lastMessageDate: looseNumber,
});
export type FoundConversation = z.output<typeof foundConversationSchema>;
export const conversationPageSchema = z.object({
  conversations: z.array(foundConversationSchema),
  total: looseNumber,
});

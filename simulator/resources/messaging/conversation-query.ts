import { z } from 'zod';

const text = z.string().optional();
/** Query of `GET /conversations/search`. */
export const conversationSearchSchema = z.strictObject({
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
export type ConversationSearch = z.output<typeof conversationSearchSchema>;

import type { GhlCalls, LocationCall } from './calls.ts';
import type { FoundConversation, GhlConversation } from './conversation-schema.ts';
import { GhlInvalidError } from './errors.ts';
import type { Page } from './page.ts';

/** How far a list of conversations has been read: the time of the last one, and which of that moment were shown. */
export interface ConversationCursor {
  /** Milliseconds since 1970. */
  beforeMs: number;
  shownIds: string[];
}

/**
 * One page of the location's conversations, by their last message, newest first; `limit` is at most 100.
 * GHL goes on by time alone, and would leave out those of the very moment at which a page ends: so that moment is asked
 * for again, and what was shown is dropped. Only more than `limit` conversations of one millisecond get lost.
 * @throws GhlError; GhlInvalidError `no-cursor` where GHL does not tell the time to go on from
 */
export async function searchConversations(
  ghl: GhlCalls,
  context: LocationCall,
  search: { limit: number; status?: 'all' | 'read' | 'unread' | 'starred'; assignedTo?: string },
  after?: ConversationCursor,
): Promise<Page<FoundConversation, ConversationCursor> & { total: number | null }> {
  const query = {
    locationId: context.resource.ghlLocationId,
    sort: 'desc',
    sortBy: 'last_message_date',
    limit: String(search.limit),
    status: search.status,
    assignedTo: search.assignedTo,
    startAfterDate: after && String(after.beforeMs + 1),
  };
  const { conversations, total } = await ghl.call('searchConversations', { ...context, query });
  const items = conversations.filter(({ id }) => !after?.shownIds.includes(id));
  if (conversations.length < search.limit) return { items, next: null, total };
  const lastMs = conversations.at(-1)?.lastMessageDate ?? null;
  if (lastMs === null) throw new GhlInvalidError({ operation: 'searchConversations', reason: 'no-cursor' });
  // A page without anything new is full of one moment: the next one begins before it.
  if (items.length === 0) return { items, next: { beforeMs: lastMs - 1, shownIds: [] }, total };
  const shownIds = conversations.filter(({ lastMessageDate }) => lastMessageDate === lastMs).map(({ id }) => id);
  return { items, next: { beforeMs: lastMs, shownIds }, total };
}

/** The conversation of a contact, who has one at most; undefined where none has begun. */
export async function findConversation(
  ghl: GhlCalls,
  context: LocationCall,
  contactId: string,
): Promise<FoundConversation | undefined> {
  const query = { locationId: context.resource.ghlLocationId, contactId, limit: '1' };
  const answer = await ghl.call('searchConversations', { ...context, query });
  return answer.conversations.find((conversation) => conversation.contactId === contactId);
}

/** Raises GhlNotFoundError for a conversation that has been deleted. */
export async function getConversation(
  ghl: GhlCalls,
  context: LocationCall,
  conversationId: string,
): Promise<GhlConversation> {
  return ghl.call('getConversation', { ...context, path: { conversationId } });
}

/**
 * Begins the conversation of a contact. A send does so by itself, so this is for what is not sent.
 * @throws GhlInvalidError `conversation-exists`, or another reason (GHL's words for it are not published), where there is
 *   one, whose id is not told: use `findConversation`
 */
export async function createConversation(
  ghl: GhlCalls,
  context: LocationCall,
  contactId: string,
): Promise<GhlConversation> {
  const body = { locationId: context.resource.ghlLocationId, contactId };
  const answer = await ghl.call('createConversation', { ...context, body });
  return answer.conversation;
}

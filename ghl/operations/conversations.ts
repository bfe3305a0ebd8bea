import { z } from 'zod';
import { conversationPageSchema, conversationSchema } from '../conversation-schema.ts';
import * as message from '../message-schema.ts';
import { create, inGroup, read, timeoutsMs, update } from './endpoint-groups.ts';

const conversations = inGroup('conversations');

/** Threads and messages. */
export const conversationOperations = {
  searchConversations: {
    ...conversations,
    ...read,
    path: '/conversations/search',
    response: conversationPageSchema,
  },
  createConversation: {
    ...conversations,
    ...create,
    path: '/conversations/',
    body: z.object({ locationId: z.string().min(1), contactId: z.string().min(1) }),
    response: z.object({ conversation: conversationSchema }),
  },
  getConversation: {
    ...conversations,
    ...read,
    path: '/conversations/:conversationId',
    response: conversationSchema,
  },
  listMessages: {
    ...conversations,
    ...read,
    path: '/conversations/:conversationId/messages',
    response: message.messageListSchema,
  },
  getMessage: {
    ...conversations,
    ...read,
    path: '/conversations/messages/:messageId',
    response: message.messageSchema,
  },
  getEmail: {
    ...conversations,
    ...read,
    path: '/conversations/messages/email/:emailMessageId',
    response: message.emailSchema,
  },
  setMessageStatus: {
    ...conversations,
    ...update,
    path: '/conversations/messages/:messageId/status',
    body: message.messageStatusBodySchema,
    response: z.object({}),
  },
  sendMessage: {
    ...inGroup('messages'),
    method: 'POST',
    effect: 'write',
    timeoutMs: timeoutsMs.send,
    path: '/conversations/messages',
    body: message.sendMessageBodySchema,
    response: message.sentMessageSchema,
  },
  exportMessages: {
    ...inGroup('exports'),
    ...read,
    timeoutMs: timeoutsMs.export,
    path: '/conversations/messages/export',
    response: message.messageExportSchema,
  },
} as const;

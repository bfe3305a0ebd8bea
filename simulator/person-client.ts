import type { z } from 'zod';
import type { uiInboundSchema, uiMessageStatusSchema, uiSendSchema } from './control/messaging.ts';
import type { Conversation, Message } from './world/messaging-records.ts';

/** Sends one request to the control API and returns the answer's body. */
export type AskControl = <T>(method: string, path: string, body?: unknown) => Promise<T>;

/** What people do at the pretended GHL beyond contacts, opportunities and users. */
export interface PersonClient {
  /** A person texts or writes to a location; STOP and START have their effects. */
  receiveMessage(message: z.input<typeof uiInboundSchema>): Promise<Message>;
  /** Somebody of the agency, or one of GHL's automations, writes to a contact. */
  sendMessage(message: z.input<typeof uiSendSchema>): Promise<Message>;
  /** The carrier decides at once what became of a message. */
  setMessageStatus(messageId: string, status: z.input<typeof uiMessageStatusSchema>['status']): Promise<Message>;
  /** The retry button: the failed message vanishes and another takes its place. */
  retryMessage(messageId: string): Promise<Message>;
  readConversation(conversationId: string): Promise<Conversation>;
  /** Apps can not do this, and no event tells of it. */
  deleteLocation(locationId: string): Promise<void>;
}

/** Makes the functions from the means to ask. */
export function createPersonClient(ask: AskControl): PersonClient {
  const message = async (method: string, path: string, body?: unknown): Promise<Message> =>
    (await ask<{ message: Message }>(method, path, body)).message;
  return {
    receiveMessage: (inbound) => message('POST', '/ui/messages/inbound', inbound),
    sendMessage: (outbound) => message('POST', '/ui/messages', outbound),
    setMessageStatus: (id, status) => message('PUT', `/ui/messages/${id}/status`, { status }),
    retryMessage: (id) => message('POST', `/ui/messages/${id}/retry`),
    deleteLocation: async (id) => {
      await ask('DELETE', `/ui/locations/${id}`);
    },
    readConversation: async (id) =>
      (await ask<{ conversation: Conversation }>('POST', `/ui/conversations/${id}/read`)).conversation,
  };
}

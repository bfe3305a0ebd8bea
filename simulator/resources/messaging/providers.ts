import { z } from 'zod';
import { checkLocation } from '../../http/access.ts';
import { ok, plainRefusal, refusal } from '../../http/reply.ts';
import type { Reply } from '../../http/reply.ts';
import type { Call, Route } from '../../http/route.ts';
import { validate } from '../../http/validate.ts';
import type { Contact } from '../../world/records.ts';
import { getContact } from '../contact-writes.ts';
import { getConversation } from './conversation-writes.ts';
import { receiveMessage } from './inbound.ts';
import { draftOf, inboundSchema, spokenSchema } from './message-input.ts';
import { getMessage, takeInbound } from './message-writes.ts';
import { settle } from './progress.ts';

const id = z.string().min(1);
const write = { access: 'location', scope: 'conversations/message.write' } as const;

const statusSchema = z.strictObject({
  status: z.enum(['delivered', 'failed', 'pending', 'read']),
  error: z.strictObject({ code: z.string(), type: z.string(), message: z.string() }).optional(),
  emailMessageId: z.string().optional(),
  recipients: z.array(z.string()).optional(),
});

const callSchema = z.strictObject({
  type: z.literal('Call'),
  conversationId: id,
  conversationProviderId: id,
  attachments: z.array(z.string()).optional(),
  altId: z.string().optional(),
  date: z.iso.datetime({ offset: true }).optional(),
  call: spokenSchema.optional(),
});

/** What the app behind a custom channel does: report what became of a message, add what people wrote or said. */
export const providerRoutes: Route[] = [
  {
    ...write,
    method: 'put',
    path: '/conversations/messages/:messageId/status',
    handle(call) {
      const { status } = validate(statusSchema, call.body);
      const message = getMessage(call.sim, call.params['messageId'] ?? '');
      checkLocation(call, message.locationId);
      const ageMs = call.sim.clock.nowMs() - Date.parse(message.dateAdded);
      if (!message.conversationProviderId || ageMs < call.sim.behaviour.providerBlindMs) {
        throw plainRefusal(call.sim.behaviour.providerBlindStatus, 'No conversation provider found for this message');
      }
      settle(call.sim, message, status);
      const { conversationId, id: messageId } = message;
      return ok({ conversationId, messageId, msg: 'Message status updated successfully.', status });
    },
  },
  {
    ...write,
    method: 'post',
    path: '/conversations/messages/inbound',
    handle(call) {
      const input = validate(inboundSchema, call.body);
      const contact = getAddressee(call, input);
      if (input.type === 'Custom' && !input.conversationProviderId) {
        throw refusal(422, ['conversationProviderId should not be empty']);
      }
      const silent = answerUnknownProvider(call, input.conversationProviderId);
      if (silent) return silent;
      const message = receiveMessage(call.sim, contact, draftOf(input), input.date);
      return ok(
        {
          success: true,
          conversationId: message.conversationId,
          messageId: message.id,
          message: 'Message added successfully',
          contactId: contact.id,
          dateAdded: message.dateAdded,
          ...(message.email ? { emailMessageId: message.email.id } : {}),
        },
        call.sim.behaviour.messageCreatedStatus,
      );
    },
  },
  {
    ...write,
    method: 'post',
    path: '/conversations/messages/outbound',
    handle(call) {
      const { conversationId, conversationProviderId, attachments, call: said, date } = validate(callSchema, call.body);
      const contact = getAddressee(call, { conversationId });
      const silent = answerUnknownProvider(call, conversationProviderId);
      if (silent) return silent;
      const draft = {
        messageType: 'TYPE_CALL' as const,
        body: '',
        conversationProviderId,
        attachments,
        from: said?.from,
        to: said?.to,
        call: { durationSeconds: 0, status: said?.status ?? 'completed' },
      };
      const message = takeInbound(call.sim, contact, draft, date, 'outbound');
      const answer = { success: true, conversationId, messageId: message.id, message: 'Call added successfully' };
      return ok({ ...answer, contactId: contact.id }, call.sim.behaviour.messageCreatedStatus);
    },
  },
];

/** A provider id that is not known there is answered 500, or 201 with nothing in it and nothing done. */
export function answerUnknownProvider(call: Call, providerId: string | undefined): Reply | undefined {
  if (!providerId) return undefined;
  const provider = call.sim.world.conversationProviders.get(providerId);
  if (provider?.locationId === call.token.locationId) return undefined;
  if (call.sim.behaviour.unknownProvider === 'empty') return ok({}, 201);
  throw plainRefusal(500, 'Internal server error');
}

function getAddressee(
  call: Call,
  named: { conversationId?: string | undefined; contactId?: string | undefined },
): Contact {
  if (!named.conversationId && !named.contactId) {
    throw refusal(422, ['conversationId should not be empty', 'contactId should not be empty']);
  }
  const contactId = named.conversationId
    ? getConversation(call.sim, named.conversationId).contactId
    : (named.contactId ?? '');
  const contact = getContact(call.sim, contactId);
  checkLocation(call, contact.locationId);
  return contact;
}

import { checkLocation } from '../../http/access.ts';
import { ok, plainRefusal } from '../../http/reply.ts';
import type { Call, Route } from '../../http/route.ts';
import { validate } from '../../http/validate.ts';
import type { Message } from '../../world/messaging-records.ts';
import { getContact } from '../contact-writes.ts';
import { draftOf, sendSchema } from './message-input.ts';
import { viewEmail, viewMessage } from './message-view.ts';
import { getMessage, sendMessage } from './message-writes.ts';
import { answerUnknownProvider } from './providers.ts';

const write = { access: 'location', scope: 'conversations/message.write' } as const;
const read = { access: 'location', scope: 'conversations/message.readonly' } as const;

export const messageRoutes: Route[] = [
  {
    ...write,
    method: 'post',
    path: '/conversations/messages',
    handle(call) {
      const input = validate(sendSchema, call.body);
      const contact = getContact(call.sim, input.contactId);
      checkLocation(call, contact.locationId);
      const silent = answerUnknownProvider(call, input.conversationProviderId);
      if (silent) return silent;
      const message = sendMessage(call.sim, contact, draftOf(input, input.templateId), {
        source: 'api',
        ...(input.scheduledTimestamp === undefined ? {} : { atMs: input.scheduledTimestamp * 1000 }),
      });
      const emailMessageId = message.email?.id;
      return ok(
        {
          conversationId: message.conversationId,
          messageId: message.id,
          ...(emailMessageId ? { emailMessageId } : {}),
          msg: 'Message queued successfully.',
          status: message.status,
        },
        call.sim.behaviour.messageCreatedStatus,
      );
    },
  },
  {
    ...read,
    method: 'get',
    path: '/conversations/messages/:messageId',
    handle: (call) => ok(viewMessage(getOwnMessage(call))),
  },
  {
    ...read,
    method: 'get',
    path: '/conversations/messages/email/:emailMessageId',
    handle: (call) => ok(viewEmail(getOwnEmail(call))),
  },
  {
    ...write,
    method: 'delete',
    path: '/conversations/messages/:messageId/schedule',
    handle: (call) => cancelScheduled(call, getOwnMessage(call)),
  },
  {
    ...write,
    method: 'delete',
    path: '/conversations/messages/email/:emailMessageId/schedule',
    handle: (call) => cancelScheduled(call, getOwnEmail(call)),
  },
];

/** Returns the message in the call's path. Raises 404 where it does not exist, 403 where it is another location's. */
export function getOwnMessage(call: Call): Message {
  const message = getMessage(call.sim, call.params['messageId'] ?? '');
  checkLocation(call, message.locationId);
  return message;
}

function getOwnEmail(call: Call): Message {
  const wanted = call.params['emailMessageId'];
  // Looked for among the location's own, so that another location's id reads as an unknown one.
  const { messages, populations } = call.sim.world;
  const locationId = call.token.locationId ?? '';
  const generated = populations.locate('email', wanted ?? '');
  const known = generated && messages.get(generated.population.messageAt(generated.index).id);
  const message =
    known?.locationId === locationId
      ? known
      : messages.listBy('locationId', locationId).find(({ email }) => email?.id === wanted);
  if (!message?.email) throw plainRefusal(404, 'Email message not found');
  return message;
}

function cancelScheduled(call: Call, message: Message): ReturnType<typeof ok> {
  if (message.status !== 'scheduled') throw plainRefusal(404, 'Failed cancel the scheduled message', { status: 404 });
  call.sim.agenda.cancel(message.id);
  call.sim.world.messages.delete(message.id);
  call.sim.changes.noteRemoved('message', [message.id], call.sim.clock.now());
  return ok({ status: 200, message: 'Scheduled message cancelled successfully.' });
}

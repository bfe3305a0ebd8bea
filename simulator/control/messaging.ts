import { Router } from 'express';
import { z } from 'zod';
import { plainRefusal } from '../http/reply.ts';
import { validate } from '../http/validate.ts';
import { createContact, getContact } from '../resources/contact-writes.ts';
import { normalisePhone } from '../resources/contact-fields.ts';
import { sendTypes } from '../resources/messaging/channels.ts';
import { changeConversation, getConversation } from '../resources/messaging/conversation-writes.ts';
import { receiveMessage } from '../resources/messaging/inbound.ts';
import { draftOf } from '../resources/messaging/message-input.ts';
import { getMessage, sendMessage } from '../resources/messaging/message-writes.ts';
import { settle } from '../resources/messaging/progress.ts';
import type { Simulation } from '../simulation.ts';
import { messageSourceSchema, messageStatusSchema } from '../world/messaging-records.ts';
import type { Contact } from '../world/records.ts';

const id = z.string().min(1);
const text = z.string().optional();
const type = z.enum(Object.keys(sendTypes) as (keyof typeof sendTypes)[]).default('SMS');

/** What a person sends to a location: from a known contact, or from a phone or e-mail that may be new to it. */
export const uiInboundSchema = z.strictObject({
  contactId: id.optional(),
  locationId: id.optional(),
  phone: text,
  email: z.email().optional(),
  type,
  message: z.string(),
  subject: text,
});

/** What somebody of the agency sends from GHL's own screens; a source other than `app` stands for GHL's automations. */
export const uiSendSchema = z.strictObject({
  contactId: id,
  type,
  message: text,
  html: text,
  subject: text,
  userId: id.optional(),
  source: messageSourceSchema.default('app'),
});
export const uiMessageStatusSchema = z.strictObject({ status: messageStatusSchema });

/** What people do with messages, on their phones and in GHL's own screens. */
export function createMessagingRouter(sim: Simulation): Router {
  const router = Router();
  router.post('/messages/inbound', (req, res) => {
    const { contactId, locationId, phone, email, ...written } = validate(uiInboundSchema, req.body);
    const contact = contactId ? getContact(sim, contactId) : findOrMakeContact(sim, { locationId, phone, email });
    res.status(201).json({ message: receiveMessage(sim, contact, draftOf(written)) });
  });
  router.post('/messages', (req, res) => {
    const { contactId, userId, source, ...written } = validate(uiSendSchema, req.body);
    const message = sendMessage(sim, getContact(sim, contactId), draftOf(written), { source, userId });
    res.status(201).json({ message });
  });
  router.put('/messages/:id/status', (req, res) => {
    const { status } = validate(uiMessageStatusSchema, req.body);
    sim.agenda.cancel(req.params.id);
    settle(sim, getMessage(sim, req.params.id), status);
    res.json({ message: getMessage(sim, req.params.id) });
  });
  // The retry button replaces a failed message silently: the old id is gone and a new one appears.
  router.post('/messages/:id/retry', (req, res) => {
    const { contactId, messageType, body, userId, ...failed } = getMessage(sim, req.params.id);
    if (failed.status !== 'failed' && failed.status !== 'undelivered')
      throw plainRefusal(400, 'the message did not fail');
    sim.world.messages.delete(req.params.id);
    const sending = { source: 'app', userId: userId ?? undefined } as const;
    res.status(201).json({ message: sendMessage(sim, getContact(sim, contactId), { messageType, body }, sending) });
  });
  router.post('/conversations/:id/read', (req, res) => {
    res.json({ conversation: changeConversation(sim, getConversation(sim, req.params.id), { unreadCount: 0 }) });
  });
  return router;
}

function findOrMakeContact(
  sim: Simulation,
  from: { locationId: string | undefined; phone: string | undefined; email: string | undefined },
): Contact {
  const location = sim.world.locations.get(from.locationId ?? '');
  if (!location || (!from.phone && !from.email))
    throw plainRefusal(400, 'name a contact, or a location and an address');
  const phone = from.phone && normalisePhone(from.phone);
  const { contacts } = sim.world;
  const known =
    (phone && contacts.findByIdentifier(location.id, 'phone', phone)) ||
    (from.email && contacts.findByIdentifier(location.id, 'email', from.email));
  return known || createContact(sim, location, { phone, email: from.email });
}

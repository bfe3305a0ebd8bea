import type { Simulation } from '../../simulation.ts';
import type { Message } from '../../world/messaging-records.ts';
import { isEmail } from './channels.ts';

/** Hands a message of a custom channel to the app behind it: to its delivery URL, and unlike events without an envelope. */
export function deliverByProvider(sim: Simulation, message: Message, phone: string | null | undefined): void {
  const provider = sim.world.conversationProviders.get(message.conversationProviderId ?? '');
  const app = sim.world.apps.get(provider?.clientId ?? '');
  if (!app || !provider?.deliveryUrl) return;
  const { locationId, contactId, id: messageId, email } = message;
  const written = isEmail(message)
    ? {
        type: 'Email',
        emailMessageId: email?.id,
        emailTo: email?.to,
        emailFrom: email?.from,
        html: message.body,
        subject: email?.subject,
      }
    : { type: 'SMS', phone, message: message.body };
  const fields = { contactId, messageId, ...written, attachments: message.attachments, userId: message.userId };
  const companyId = sim.world.locations.get(locationId)?.companyId ?? '';
  const onlyTo = { ...app, webhookUrl: provider.deliveryUrl };
  sim.emitter.emit({ type: 'ProviderOutboundMessage', companyId, locationId, fields, onlyTo });
}

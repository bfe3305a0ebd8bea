import { plainRefusal } from '../../http/reply.ts';
import type { Simulation } from '../../simulation.ts';
import type { MessageType } from '../../world/messaging-records.ts';
import type { Contact } from '../../world/records.ts';
import { channelOf } from './channels.ts';

const dayMs = 86_400_000;

/** Raises the 400 that GHL answers where it does not send: an inactive location, no address, DND, the SMS limit. */
export function refuseSend(sim: Simulation, contact: Contact, messageType: MessageType): void {
  const location = sim.world.locations.get(contact.locationId);
  if (!location?.active) throw plainRefusal(400, 'Location or agency is inactive');
  const reason = whyBlocked(contact, messageType);
  if (reason) throw plainRefusal(400, reason);
  if (messageType === 'TYPE_SMS') refuseAboveLimit(sim, contact.locationId);
}

/** Returns why nothing may go to a contact by this kind of message, in GHL's words; undefined where it may. */
export function whyBlocked(contact: Contact, messageType: MessageType): string | undefined {
  const { dnd: key, name } = channelOf(messageType);
  // (GHL's words for a missing e-mail address were not seen; these follow those for the phone.)
  if (key === 'Email' ? !contact.email : key === 'SMS' && !contact.phone) {
    return key === 'Email' ? 'Missing email address' : 'Missing phone number';
  }
  const setting = key && contact.dndSettings[key]?.status;
  if (setting === 'permanent' && key === 'SMS') return `Cannot send message as ${contact.phone} has unsubscribed`;
  if (setting === 'active' || setting === 'permanent') return `Cannot send message as DND is active for ${name}.`;
  return contact.dnd ? 'Cannot send message as DND is active' : undefined;
}

function refuseAboveLimit(sim: Simulation, locationId: string): void {
  const { smsDailyLimit } = sim.behaviour;
  if (smsDailyLimit === null) return;
  const sinceMs = sim.clock.nowMs() - dayMs;
  const sent = sim.world.messages
    .listBy('locationId', locationId)
    .filter(
      (message) =>
        message.messageType === 'TYPE_SMS' &&
        message.direction === 'outbound' &&
        Date.parse(message.dateAdded) > sinceMs,
    );
  if (sent.length >= smsDailyLimit) throw plainRefusal(400, 'You have exceeded your SMS sending limit.');
}

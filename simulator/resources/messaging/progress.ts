import type { Simulation } from '../../simulation.ts';
import type { Message } from '../../world/messaging-records.ts';
import { isEmail } from './channels.ts';
import { announceMessage, setStatus } from './message-writes.ts';
import { obeyCarrier } from './opt-out.ts';
import { whyBlocked } from './refusals.ts';

/** Lets a waiting message leave; one whose contact was blocked meanwhile fails. */
export function leave(sim: Simulation, messageId: string): void {
  const message = sim.world.messages.get(messageId);
  if (!message || (message.status !== 'pending' && message.status !== 'scheduled')) return;
  const contact = sim.world.contacts.find(message.contactId);
  if (!contact || whyBlocked(contact, message.messageType)) {
    settle(sim, message, 'failed');
    return;
  }
  const sent = setStatus(sim, message, 'sent');
  if (sim.behaviour.outboundEvents !== 'settled') announceMessage(sim, sent);
  sim.agenda.add('message-settle', message.id, sim.behaviour.messageSettledAfterMs);
}

/** Lets the carrier decide what became of a message that has been sent. */
export function arrive(sim: Simulation, messageId: string): void {
  const message = sim.world.messages.get(messageId);
  if (message?.status !== 'sent') return;
  const { messageFailureRate: rate, messageOutcome, carrierErrorCode } = sim.behaviour;
  const outcome = rate > 0 && sim.random.chance('message') < rate ? 'failed' : messageOutcome;
  const contact = sim.world.contacts.find(message.contactId);
  if (outcome !== 'delivered' && contact && message.messageType === 'TYPE_SMS') {
    obeyCarrier(sim, contact, outcome === 'opt_out' ? '30004' : carrierErrorCode);
  }
  settle(sim, message, outcome);
}

/** Gives a message its last status and announces it; e-mails also by LCEmailStats. */
export function settle(sim: Simulation, message: Message, status: Message['status']): void {
  const settled = setStatus(sim, message, status);
  if (sim.behaviour.outboundEvents !== 'sent') announceMessage(sim, settled);
  if (isEmail(settled)) announceEmailStats(sim, settled);
}

function announceEmailStats(sim: Simulation, message: Message): void {
  const companyId = sim.world.locations.get(message.locationId)?.companyId ?? '';
  const delivered = message.status === 'delivered';
  const webhookPayload = {
    event: delivered ? 'delivered' : 'failed',
    recipient: message.email?.to[0] ?? '',
    timestamp: Math.floor(sim.clock.nowMs() / 1000),
    message: { headers: { 'message-id': message.email?.id ?? message.id } },
    'delivery-status': { code: delivered ? 250 : 550 },
  };
  const fields = { companyId, webhookPayload };
  sim.emitter.emit({ type: 'LCEmailStats', companyId, locationId: message.locationId, fields });
}

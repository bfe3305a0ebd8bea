import type { Simulation } from '../../simulation.ts';
import type { Contact } from '../../world/records.ts';
import { noteActivity } from '../messaging/message-writes.ts';

/** A person buys something: an order, its payment, and the two events of an order. Returns their ids. */
export function recordSale(
  sim: Simulation,
  contact: Contact,
  sale: { amount: number; currency: string; source: string },
): { orderId: string; transactionId: string } {
  const now = sim.clock.now().toISOString();
  const [orderId, transactionId] = [sim.random.id(), sim.random.id()];
  const shared = {
    locationId: contact.locationId,
    contactId: contact.id,
    currency: sale.currency,
    amount: sale.amount,
    liveMode: true,
    createdAt: now,
    updatedAt: now,
  };
  const order = { ...shared, id: orderId, status: 'completed', sourceType: sale.source };
  sim.world.orders.set(orderId, order);
  sim.world.transactions.set(transactionId, {
    ...shared,
    id: transactionId,
    status: 'succeeded',
    entityType: 'order',
    entityId: orderId,
    entitySourceType: sale.source,
    entitySourceMeta: {},
    amountRefunded: 0,
    fulfilledAt: now,
  });
  const companyId = sim.world.locations.get(contact.locationId)?.companyId ?? '';
  const { id: _id, locationId, ...fields } = order;
  for (const [type, status] of [
    ['OrderCreate', 'pending'],
    ['OrderStatusUpdate', 'completed'],
  ] as const) {
    const announced = { _id: orderId, altId: locationId, altType: 'location', ...fields, status };
    sim.emitter.emit({ type, companyId, locationId, fields: announced });
  }
  noteActivity(sim, contact.id, 'TYPE_ACTIVITY_PAYMENT', 'Payment received');
  return { orderId, transactionId };
}

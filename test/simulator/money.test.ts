import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitToPass } from '../stack/wait.ts';
import { inner, one, rows, startHarness, two } from './harness.ts';
import type { Answer, Harness } from './harness.ts';
import { startReceiver } from './receiver.ts';
import type { Receiver } from './receiver.ts';

let harness: Harness;
let receiver: Receiver;
beforeEach(async () => {
  [harness, receiver] = await Promise.all([startHarness(), startReceiver()]);
  await harness.control.seed({ contacts: [{ id: 'ann', locationId: one, firstName: 'Ann', email: 'ann@x.test' }] });
  await harness.control.setWebhooks({ url: receiver.url, concurrency: 1 });
});
afterEach(async () => {
  await harness.simulator.close();
  await receiver.close();
});

const list = (kind: string, query = '', altId = one): Promise<Answer> =>
  harness.ask('GET', `/payments/${kind}?altId=${altId}&altType=location${query}`);
const arrived = (types: string[]): Promise<void> =>
  waitToPass(() => {
    expect(receiver.types()).toEqual(types);
  });

describe('payments', () => {
  it('show a sale as an order and its transaction, and announce the order', async () => {
    const { orderId, transactionId } = await harness.control.recordSale({ contactId: 'ann', amount: 250 });
    const transactions = await list('transactions', '&contactId=ann');
    expect(transactions.body).toMatchObject({
      totalCount: 1,
      data: [{ _id: transactionId, altId: one, amount: 250, currency: 'USD', status: 'succeeded', entityId: orderId }],
    });
    const order = await harness.ask('GET', `/payments/orders/${orderId}?altId=${one}&altType=location`);
    expect(order.body).toMatchObject({ _id: orderId, contactId: 'ann', status: 'completed' });
    await arrived(['OrderCreate', 'OrderStatusUpdate']);
    expect(receiver.received[1]?.json).toMatchObject({ locationId: one, _id: orderId, status: 'completed' });
  });

  it('are paged by offset and kept to a span of days', async () => {
    const made = (day: number): object => ({
      id: `order-${day}`,
      locationId: one,
      amount: day,
      createdAt: `2026-01-0${day}T12:00:00Z`,
    });
    await harness.control.seed({ orders: [1, 2, 3, 4].map(made) as never });
    const page = await list('orders', '&limit=2&offset=1');
    expect(page.body['totalCount']).toBe(4);
    expect(rows(page.body, 'data').map(({ _id }) => _id)).toEqual(['order-3', 'order-2']);
    const span = await list('orders', '&startAt=2026-01-02&endAt=2026-01-03');
    expect(rows(span.body, 'data').map(({ _id }) => _id)).toEqual(['order-3', 'order-2']);
  });

  it('are shown to their own location only', async () => {
    expect((await list('transactions', '', two)).status).toBe(403);
    await harness.control.seed({ transactions: [{ id: 'theirs', locationId: two, amount: 1 }] });
    expect((await harness.ask('GET', `/payments/transactions/theirs?altId=${one}&altType=location`)).status).toBe(404);
  });
});

describe('invoices', () => {
  it('are sent, paid in parts and announced at each step', async () => {
    const { id } = await harness.control.createInvoice({ contactId: 'ann', total: 100 });
    await harness.control.sendInvoice(id);
    await harness.control.payInvoice(id, 40);
    const body = { altId: one, altType: 'location', mode: 'cash', amount: 60 };
    const paid = await harness.ask('POST', `/invoices/${id}/record-payment`, { body });
    expect(inner(paid.body, 'invoice')).toMatchObject({ status: 'paid', amountPaid: 100, amountDue: 0 });
    expect((await harness.ask('POST', `/invoices/${id}/record-payment`, { body })).status).toBe(400);
    await arrived(['InvoiceCreate', 'InvoiceSent', 'InvoicePartiallyPaid', 'InvoicePaid']);
    expect(receiver.received[2]?.json).toMatchObject({
      _id: id,
      altId: one,
      status: 'partially_paid',
      amountDue: 60,
      contactDetails: { id: 'ann', email: 'ann@x.test' },
    });
    const all = await harness.ask('GET', `/invoices/?altId=${one}&altType=location&limit=10&offset=0`);
    expect(all.body).toMatchObject({ total: 1, invoices: [{ _id: id }] });
    expect((await harness.ask('GET', `/invoices/?altId=${one}&altType=location`)).status).toBe(422);
  });

  it('can be announced without type and location, as the published samples are', async () => {
    await harness.control.setBehaviour({ invoiceEnvelope: false });
    const { id } = await harness.control.createInvoice({ contactId: 'ann', total: 100 });
    await harness.control.voidInvoice(id);
    await waitToPass(() => {
      expect(receiver.received).toHaveLength(2);
    });
    expect(receiver.received[1]?.json).toMatchObject({ _id: id, altId: one, status: 'void' });
    expect(receiver.received[1]?.json).not.toHaveProperty('type');
    expect(receiver.received[1]?.json).not.toHaveProperty('locationId');
  });

  it('can be read by the agency for its locations, and by no other location', async () => {
    const { id } = await harness.control.createInvoice({ contactId: 'ann', total: 100 });
    const path = `/invoices/${id}?altId=${one}&altType=location`;
    expect((await harness.ask('GET', path, { token: 'pit-company' })).status).toBe(200);
    expect((await harness.ask('GET', path, { token: 'location-2-token' })).status).toBe(403);
    const asTheirs = await harness.ask('GET', path.replace(one, two), { token: 'location-2-token' });
    expect(asTheirs.status).toBe(404);
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitToPass } from '../stack/wait.ts';
import { clientId, one, startHarness } from './harness.ts';
import type { Harness } from './harness.ts';
import { startReceiver } from './receiver.ts';
import type { Receiver } from './receiver.ts';

let harness: Harness;
let receiver: Receiver;
beforeEach(async () => {
  [harness, receiver] = await Promise.all([startHarness(), startReceiver()]);
  // One at a time keeps the order of events, which a test can then state.
  await harness.control.setWebhooks({ url: receiver.url, concurrency: 1 });
  await harness.control.seed({
    contacts: [{ id: 'ann', locationId: one, firstName: 'Ann', phone: '+15550000001', email: 'ann@x.test' }],
  });
});
afterEach(async () => {
  await harness.simulator.close();
  await receiver.close();
});

const arrived = (types: string[]): Promise<void> =>
  waitToPass(() => {
    expect(receiver.types()).toEqual(types);
  });
const send = (body: object): Promise<unknown> =>
  harness.ask('POST', '/conversations/messages', { body: { type: 'SMS', contactId: 'ann', message: 'Hi', ...body } });

describe('webhooks of messages', () => {
  it('tell by themselves that a message was sent and delivered', async () => {
    await harness.control.setBehaviour({ messageSentAfterMs: 20, messageSettledAfterMs: 20 });
    await send({});
    await arrived(['OutboundMessage', 'OutboundMessage']);
    expect(receiver.received.map(({ json }) => json['status'])).toEqual(['sent', 'delivered']);
    expect(receiver.received[0]?.json).toMatchObject({
      locationId: one,
      contactId: 'ann',
      messageType: 'SMS',
      messageTypeId: 2,
      messageTypeString: 'TYPE_SMS',
      direction: 'outbound',
      source: 'api',
      to: '+15550000001',
      body: expect.stringContaining('Hi') as string,
    });
    expect(new Set(receiver.received.map(({ json }) => json['messageId'])).size).toBe(1);
  });

  it.each([
    ['sent', ['sent']],
    ['settled', ['delivered']],
  ] as const)('tell only that it was %s when set so', async (outboundEvents, statuses) => {
    await harness.control.setBehaviour({ outboundEvents, messageSentAfterMs: 0, messageSettledAfterMs: 0 });
    await send({});
    await harness.control.sendWebhook({ type: 'Marker', locationId: one });
    await arrived(['OutboundMessage', 'Marker']);
    expect(receiver.received[0]?.json['status']).toBe(statuses[0]);
  });

  it('of an e-mail name its id, subject and ends, and come with its statistics', async () => {
    await harness.control.setBehaviour({ messageSentAfterMs: 0, messageSettledAfterMs: 0 });
    await send({ type: 'Email', subject: 'Hello', html: '<p>Hi</p>' });
    await harness.control.advanceClock(0);
    await arrived(['OutboundMessage', 'OutboundMessage', 'LCEmailStats']);
    expect(receiver.received[0]?.json).toMatchObject({
      messageType: 'Email',
      emailMessageId: expect.any(String) as string,
      subject: 'Hello',
      to: ['ann@x.test'],
    });
    expect(receiver.received[2]?.json['webhookPayload']).toMatchObject({ event: 'delivered', recipient: 'ann@x.test' });
  });

  it('hand a message of a custom channel to its delivery URL alone, without an envelope', async () => {
    const delivery = await startReceiver();
    await harness.control.seed({
      conversationProviders: [{ id: 'provider-1', locationId: one, clientId, deliveryUrl: delivery.url }],
    });
    await send({ type: 'Custom', conversationProviderId: 'provider-1' });
    await waitToPass(() => {
      expect(delivery.received).toHaveLength(1);
    });
    expect(delivery.received[0]?.json).toMatchObject({
      type: 'SMS',
      locationId: one,
      contactId: 'ann',
      messageId: expect.any(String) as string,
      phone: '+15550000001',
    });
    expect(receiver.received).toEqual([]);
    await delivery.close();
  });

  it.each([
    ['message-first', ['ConversationUnreadUpdate', 'InboundMessage', 'ContactDndUpdate']],
    ['dnd-first', ['ContactDndUpdate', 'ConversationUnreadUpdate', 'InboundMessage']],
  ] as const)('tell of a STOP, %s', async (stopEventOrder, types) => {
    await harness.control.setBehaviour({ stopEventOrder });
    await harness.control.receiveMessage({ contactId: 'ann', message: 'Stop' });
    await arrived([...types]);
    const find = (type: string): Record<string, unknown> | undefined =>
      receiver.received.find(({ json }) => json['type'] === type)?.json;
    expect(find('InboundMessage')).toMatchObject({ body: 'Stop', direction: 'inbound', from: '+15550000001' });
    expect(find('InboundMessage')).not.toHaveProperty('source');
    expect(find('ContactDndUpdate')).toMatchObject({ id: 'ann', dndSettings: { SMS: { status: 'permanent' } } });
    expect(find('ConversationUnreadUpdate')).toMatchObject({ contactId: 'ann', unreadCount: 1, deleted: false });
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { getEmail, getMessage, sendMessage, setMessageStatus } from '../../ghl/messages.ts';
import { here, neighbour, openResourceWorld } from './resource-world.ts';
import type { ResourceWorld } from './resource-world.ts';

let world: ResourceWorld;
beforeEach(async () => {
  world = await openResourceWorld();
  await world.control.seed({
    contacts: [{ id: 'ann', locationId: 'loc1', email: 'ann@example.com', phone: '+14155550100' }],
  });
});
afterEach(() => world.close());

const sms = { type: 'SMS', contactId: 'ann', message: 'Welcome' } as const;
const countMessages = async () => (await world.control.listRecords('messages', 'loc1')).length;

/** Past `pending` to `sent`, and past that to the end. */
const settle = async () => {
  for (let step = 0; step < 2; step += 1) await world.control.advanceClock(120_000);
};

describe('a message that is sent', () => {
  it('is taken at once and delivered later, with what GHL appends', async () => {
    await world.control.setBehaviour({ messageSentAfterMs: 60_000 });
    const sent = await sendMessage(world.ghl, here, sms);
    expect(sent).toMatchObject({ status: 'pending', conversationId: expect.any(String) as string });
    await settle();
    const message = await getMessage(world.ghl, here, sent.messageId);
    expect(message).toMatchObject({ id: sent.messageId, status: 'delivered', direction: 'outbound', source: 'api' });
    expect(message.body).toMatch(/^Welcome.*STOP/s);
  });

  it('is an e-mail with its own id, by which its body is read', async () => {
    const sent = await sendMessage(world.ghl, here, {
      type: 'Email',
      contactId: 'ann',
      subject: 'Welcome',
      html: '<p>Hello</p>',
    });
    expect((await getMessage(world.ghl, here, sent.messageId)).body).toBeNull();
    const email = await getEmail(world.ghl, here, sent.emailMessageId ?? '');
    expect(email).toMatchObject({ subject: 'Welcome', body: '<p>Hello</p>', to: ['ann@example.com'] });
  });

  it('waits for a date, which GHL counts in seconds', async () => {
    const scheduledTimestamp = new Date(Date.now() + 3_600_000);
    const { messageId, status } = await sendMessage(world.ghl, here, { ...sms, scheduledTimestamp });
    expect(status).toBe('scheduled');
    await world.control.advanceClock(3_590_000);
    expect((await getMessage(world.ghl, here, messageId)).status).toBe('scheduled');
    await settle();
    expect((await getMessage(world.ghl, here, messageId)).status).toBe('delivered');
  });

  it('is read by its own location only', async () => {
    const { messageId } = await sendMessage(world.ghl, here, sms);
    const call = getMessage(world.ghl, neighbour, messageId);
    await expect(call).rejects.toMatchObject({ code: 'GhlForbidden', reason: 'wrong-tenant' });
    const other = sendMessage(world.ghl, neighbour, sms);
    await expect(other).rejects.toMatchObject({ code: 'GhlForbidden', reason: 'wrong-tenant' });
    expect(await countMessages()).toBe(1);
  });
});

describe('a message that GHL refuses', () => {
  it('says that the channel is off', async () => {
    await world.control.updateContact('ann', { dndSettings: { SMS: { status: 'active' } } });
    await expect(sendMessage(world.ghl, here, sms)).rejects.toMatchObject({ code: 'GhlForbidden', reason: 'dnd' });
    await world.control.updateContact('ann', { dnd: true, dndSettings: { SMS: { status: 'inactive' } } });
    await expect(sendMessage(world.ghl, here, sms)).rejects.toMatchObject({ code: 'GhlForbidden', reason: 'dnd' });
  });

  it('says that the person has unsubscribed, without the number', async () => {
    await world.control.receiveMessage({ contactId: 'ann', type: 'SMS', message: 'STOP' });
    const error: unknown = await sendMessage(world.ghl, here, sms).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'GhlForbidden', reason: 'unsubscribed' });
    expect(JSON.stringify(error) + String(error)).not.toContain('4155550100');
  });

  it('says which address is missing', async () => {
    await world.control.seed({ contacts: [{ id: 'bob', locationId: 'loc1' }] });
    const toBob = sendMessage(world.ghl, here, { ...sms, contactId: 'bob' });
    await expect(toBob).rejects.toMatchObject({ code: 'GhlInvalid', reason: 'missing-phone' });
    const mail = sendMessage(world.ghl, here, { type: 'Email', contactId: 'bob', subject: 'Hi', html: 'Hi' });
    await expect(mail).rejects.toMatchObject({ code: 'GhlInvalid', reason: 'missing-email' });
  });

  it('says that the limit of SMS is reached, that the location is inactive, and that nobody is there', async () => {
    await world.control.setBehaviour({ smsDailyLimit: 0 });
    await expect(sendMessage(world.ghl, here, sms)).rejects.toMatchObject({ reason: 'sms-limit' });
    await world.control.changeLocation('loc1', { active: false });
    await expect(sendMessage(world.ghl, here, sms)).rejects.toMatchObject({ reason: 'location-inactive' });
    const nobody = sendMessage(world.ghl, here, { ...sms, contactId: 'nobody' });
    await expect(nobody).rejects.toMatchObject({ code: 'GhlNotFound', reason: 'not-found' });
    expect(await countMessages()).toBe(0);
  });

  it('is not even sent when there is nothing in it', async () => {
    const empty = sendMessage(world.ghl, here, { type: 'SMS', contactId: 'ann' });
    await expect(empty).rejects.toMatchObject({ code: 'GhlInvalid', reason: 'request-shape' });
    expect(await world.countCalls(/./)).toBe(0);
  });
});

describe('a send whose end is not known', () => {
  it.each(['cutAfterCommit', 'failAfterCommit', 'hangAfterCommit'] as const)(
    'is ambiguous after %s and made once',
    async (fault) => {
      await world.control.addFault({ path: '/conversations/messages$', [fault]: true });
      const gateway = world.openGateway({ timeoutsMs: { sendMessage: 300 } });
      await expect(sendMessage(gateway, here, sms)).rejects.toMatchObject({ code: 'GhlUnavailable', ambiguous: true });
      expect(await countMessages()).toBe(1);
      expect(await world.countCalls(/POST .*\/conversations\/messages/)).toBe(1);
    },
  );

  it('is ambiguous when the answer breaks off half-way', async () => {
    await world.control.addFault({ path: '/conversations/messages$', truncate: 'json' });
    const call = sendMessage(world.ghl, here, sms);
    await expect(call).rejects.toMatchObject({ code: 'GhlUnavailable', reason: 'not-json', ambiguous: true });
  });

  it('is told by a success that names no message', async () => {
    await world.control.setBehaviour({ unknownProvider: 'empty' });
    const call = sendMessage(world.ghl, here, { ...sms, type: 'Custom', conversationProviderId: 'nobody' });
    const lost = { code: 'GhlInvalid', reason: 'response-shape', status: 201, fields: ['messageId', 'conversationId'] };
    await expect(call).rejects.toMatchObject(lost);
  });
});

describe('the status that a provider of ours reports', () => {
  it('is refused too early, in a way that waiting mends, and taken later', async () => {
    await world.control.seed({ conversationProviders: [{ id: 'provider', locationId: 'loc1' }] });
    const custom = { ...sms, type: 'Custom', conversationProviderId: 'provider' } as const;
    const { messageId } = await sendMessage(world.ghl, here, custom);
    const report = () => setMessageStatus(world.ghl, here, messageId, { status: 'delivered' });
    for (const providerBlindStatus of [403, 401] as const) {
      await world.control.setBehaviour({ providerBlindStatus });
      const early = { code: 'GhlUnavailable', reason: 'provider-not-ready', ambiguous: false, retryAfterMs: 10_000 };
      await expect(report()).rejects.toMatchObject(early);
    }
    await world.control.advanceClock(10_000);
    await report();
    expect((await getMessage(world.ghl, here, messageId)).status).toBe('delivered');
  });
});

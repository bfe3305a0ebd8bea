import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inner, one, rows, startHarness, two } from './harness.ts';
import type { Answer, Harness } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
  await harness.control.seed({
    locations: [{ id: one, companyId: 'company-1', name: 'One', phone: '+15550009999' }],
    contacts: [
      { id: 'ann', locationId: one, firstName: 'Ann', phone: '+15550000001', email: 'ann@x.test' },
      { id: 'bob', locationId: one, firstName: 'Bob' },
      { id: 'eve', locationId: two, phone: '+15550000002' },
    ],
  });
});
afterEach(() => harness.simulator.close());

const sms = 'One: we got your request. Reply STOP to opt out.';
const send = (body: object, token?: string): Promise<Answer> =>
  harness.ask('POST', '/conversations/messages', {
    body: { type: 'SMS', contactId: 'ann', ...body },
    ...(token ? { token } : {}),
  });
const read = async (answer: Answer): Promise<Record<string, unknown>> =>
  (await harness.ask('GET', `/conversations/messages/${String(answer.body['messageId'])}`)).body;

describe('sending', () => {
  it('queues a message that is sent and delivered as time passes', async () => {
    await harness.control.setBehaviour({ messageSentAfterMs: 60_000, messageSettledAfterMs: 60_000 });
    const sent = await send({ message: sms });
    expect(sent.status).toBe(201);
    expect(sent.body).toMatchObject({ msg: 'Message queued successfully.', status: 'pending' });
    expect(await read(sent)).toMatchObject({
      status: 'pending',
      body: sms,
      type: 2,
      messageType: 'TYPE_SMS',
      source: 'api',
    });
    await harness.control.advanceClock(60_000);
    expect(await read(sent)).toMatchObject({ status: 'sent' });
    await harness.control.advanceClock(60_000);
    expect(await read(sent)).toMatchObject({ status: 'delivered' });
  });

  it.each(['failed', 'undelivered', 'opt_out'] as const)('can end as %s', async (messageOutcome) => {
    await harness.control.setBehaviour({ messageOutcome });
    const sent = await send({ message: sms });
    await harness.control.advanceClock(60_000);
    expect(await read(sent)).toMatchObject({ status: messageOutcome });
  });

  it('appends sender and opt-out words to the first text of a conversation only', async () => {
    expect((await read(await send({ message: 'Hello' })))['body']).toBe('Hello\n\nOne - Reply STOP to unsubscribe.');
    expect((await read(await send({ message: 'Again' })))['body']).toBe('Again');
  });

  it('lets nobody switch the opt-out words off in the first 15 days of a location', async () => {
    await harness.control.setBehaviour({ optOutText: null });
    expect((await read(await send({ message: 'Hello' })))['body']).toContain('Reply STOP');
    const old = '2026-01-01T00:00:00.000Z';
    await harness.control.seed({
      locations: [{ id: one, companyId: 'company-1', dateAdded: old }],
      contacts: [{ id: 'new', locationId: one, phone: '+15550000003' }],
    });
    expect((await read(await send({ message: 'Hello', contactId: 'new' })))['body']).toBe('Hello');
  });

  it('keeps the body of an e-mail out of lists and gives it by its own call', async () => {
    const sent = await send({ type: 'Email', subject: 'Hi', html: '<p>Hello</p>', message: undefined });
    const emailId = String(sent.body['emailMessageId']);
    expect(await read(sent)).not.toHaveProperty('body');
    expect(await read(sent)).toMatchObject({ meta: { email: { messageIds: [emailId] } } });
    const email = await harness.ask('GET', `/conversations/messages/email/${emailId}`);
    expect(email.body).toMatchObject({ id: emailId, body: '<p>Hello</p>', subject: 'Hi', to: ['ann@x.test'] });
    const stranger = await harness.ask('GET', `/conversations/messages/email/${emailId}`, {
      token: 'location-2-token',
    });
    expect(stranger.status).toBe(404);
  });

  it('waits for the time of a scheduled message, in seconds, and lets it be cancelled until then', async () => {
    const atSeconds = Math.floor(Date.now() / 1000) + 3600;
    const kept = await send({ message: sms, scheduledTimestamp: atSeconds });
    const cancelled = await send({ message: sms, scheduledTimestamp: atSeconds });
    expect(kept.body['status']).toBe('scheduled');
    const schedule = (answer: Answer): string => `/conversations/messages/${String(answer.body['messageId'])}/schedule`;
    expect((await harness.ask('DELETE', schedule(cancelled))).status).toBe(200);
    await harness.control.advanceClock(3_600_000);
    expect(await read(kept)).toMatchObject({ status: expect.stringMatching(/sent|delivered/) as string });
    expect(await read(cancelled)).toMatchObject({ statusCode: 404 });
    expect((await harness.ask('DELETE', schedule(kept))).status).toBe(404);
  });

  it('refuses unknown properties, a missing contact and nothing to say', async () => {
    expect((await send({ message: 'x', reference: 'mine' })).body).toMatchObject({
      statusCode: 422,
      message: ['property reference should not exist'],
      traceId: expect.any(String) as string,
    });
    expect((await send({ message: 'x', contactId: 'nobody' })).status).toBe(400);
    expect((await send({})).status).toBe(422);
    expect((await send({ message: 'x' }, 'location-2-token')).status).toBe(403);
    expect((await send({ message: 'x' }, 'company-token')).status).toBe(401);
  });
});

describe('refusals', () => {
  const refused = async (body: object): Promise<unknown> => {
    const answer = await send(body);
    expect(answer.status).toBe(400);
    return answer.body['message'];
  };

  it('name what is in the way', async () => {
    expect(await refused({ contactId: 'bob', message: sms })).toBe('Missing phone number');
    await harness.control.updateContact('ann', { dndSettings: { SMS: { status: 'active' } } });
    expect(await refused({ message: sms })).toBe('Cannot send message as DND is active for SMS.');
    expect((await send({ type: 'Email', message: 'x' })).status).toBe(201);
    await harness.control.updateContact('ann', { dnd: true });
    expect(await refused({ type: 'Email', message: 'x' })).toBe('Cannot send message as DND is active');
    await harness.control.changeLocation(one, { active: false });
    expect(await refused({ message: sms })).toBe('Location or agency is inactive');
  });

  it('hold after a STOP, which no update lifts, until a START', async () => {
    await harness.control.receiveMessage({ contactId: 'ann', message: ' stop ' });
    expect(await refused({ message: sms })).toBe('Cannot send message as +15550000001 has unsubscribed');
    await harness.ask('PUT', '/contacts/ann', { body: { dndSettings: { SMS: { status: 'inactive' } } } });
    expect((await send({ message: sms })).status).toBe(400);
    await harness.control.receiveMessage({ contactId: 'ann', message: 'please stop by tomorrow' });
    await harness.control.receiveMessage({ contactId: 'ann', message: 'START' });
    expect((await send({ message: sms })).status).toBe(201);
  });

  it('reach messages that were queued before the STOP', async () => {
    await harness.control.setBehaviour({ messageSentAfterMs: 60_000 });
    const queued = await send({ message: sms });
    await harness.control.receiveMessage({ contactId: 'ann', message: 'STOP' });
    await harness.control.advanceClock(60_000);
    expect(await read(queued)).toMatchObject({ status: 'failed' });
  });

  it('follow the carrier: one code for good, others until lifted', async () => {
    await harness.control.setBehaviour({ messageOutcome: 'undelivered', carrierErrorCode: '30003' });
    await send({ message: sms });
    await harness.control.advanceClock(60_000);
    expect(await refused({ message: sms })).toBe('Cannot send message as DND is active for SMS.');
    await harness.ask('PUT', '/contacts/ann', { body: { dndSettings: { SMS: { status: 'inactive' } } } });
    await harness.control.setBehaviour({ carrierErrorCode: '30004' });
    await send({ message: sms });
    await harness.control.advanceClock(60_000);
    expect(await refused({ message: sms })).toContain('has unsubscribed');
  });

  it('stop at the ramp-up limit for 24 hours', async () => {
    await harness.control.setBehaviour({ smsDailyLimit: 2 });
    await send({ message: sms });
    await send({ message: sms });
    expect(await refused({ message: sms })).toBe('You have exceeded your SMS sending limit.');
    expect((await send({ type: 'Email', message: 'x' })).status).toBe(201);
    await harness.control.advanceClock(86_400_000);
    await harness.control.seed({
      tokens: [{ token: 'next-day', class: 'Location', companyId: 'company-1', locationId: one }],
    });
    expect((await send({ message: sms }, 'next-day')).status).toBe(201);
  });
});

describe('custom providers', () => {
  beforeEach(() => harness.control.seed({ conversationProviders: [{ id: 'provider-1', locationId: one }] }));
  const report = (answer: Answer): Promise<Answer> =>
    harness.ask('PUT', `/conversations/messages/${String(answer.body['messageId'])}/status`, {
      body: { status: 'delivered' },
    });

  it('report what became of a message, but not in its first seconds', async () => {
    const sent = await send({ type: 'Custom', message: 'Hi', conversationProviderId: 'provider-1' });
    const early = await report(sent);
    expect([early.status, early.body['message']]).toEqual([403, 'No conversation provider found for this message']);
    await harness.control.advanceClock(10_000);
    expect(await read(sent)).toMatchObject({ status: 'pending' });
    expect((await report(sent)).status).toBe(200);
    expect(await read(sent)).toMatchObject({ status: 'delivered' });
  });

  it('report nothing about messages of GHL itself', async () => {
    const sent = await send({ message: sms });
    await harness.control.advanceClock(10_000);
    expect((await report(sent)).status).toBe(403);
  });

  it('add what people wrote', async () => {
    const inbound = { type: 'Custom', contactId: 'ann', message: 'Hello?', conversationProviderId: 'provider-1' };
    const added = await harness.ask('POST', '/conversations/messages/inbound', { body: inbound });
    expect(added.status).toBe(201);
    expect(await read(added)).toMatchObject({ direction: 'inbound', body: 'Hello?' });
    const wrong = { ...inbound, conversationProviderId: 'nobody' };
    expect((await harness.ask('POST', '/conversations/messages/inbound', { body: wrong })).status).toBe(500);
    await harness.control.setBehaviour({ unknownProvider: 'empty' });
    const silent = await harness.ask('POST', '/conversations/messages/inbound', { body: wrong });
    expect([silent.status, silent.body['messageId']]).toEqual([201, undefined]);
    expect(await harness.control.listRecords('messages', one)).toHaveLength(1);
  });
});

describe('retrying a failed text by hand', () => {
  it('replaces the message by another with a new id', async () => {
    await harness.control.setBehaviour({ messageOutcome: 'failed' });
    const sent = await send({ message: sms });
    const failed = String(sent.body['messageId']);
    await harness.control.setMessageStatus(failed, 'failed');
    const again = await harness.control.retryMessage(failed);
    expect(again.id).not.toBe(failed);
    expect((await harness.ask('GET', `/conversations/messages/${failed}`)).status).toBe(404);
    const list = await harness.ask('GET', `/conversations/${again.conversationId}/messages`);
    expect(rows(inner(list.body, 'messages'), 'messages').map(({ id }) => id)).toEqual([again.id]);
  });
});

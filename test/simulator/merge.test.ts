import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitToPass } from '../stack/wait.ts';
import { inner, one, rows, startHarness, two } from './harness.ts';
import type { Harness } from './harness.ts';
import { startReceiver } from './receiver.ts';
import type { Receiver } from './receiver.ts';

let harness: Harness;
let receiver: Receiver;
beforeEach(async () => {
  harness = await startHarness();
  receiver = await startReceiver();
  await harness.control.seed({
    contacts: [
      { id: 'stays', locationId: one, firstName: 'Ann', email: 'ann@x.test', tags: ['a'] },
      { id: 'goes', locationId: one, email: 'old@x.test', phone: '+15550001111', city: 'Boston', tags: ['b'] },
      { id: 'other', locationId: two, email: 'ann@x.test' },
    ],
    opportunities: [{ id: 'deal', locationId: one, contactId: 'goes', pipelineId: 'pipeline-1', name: 'Roof' }],
    notes: [{ id: 'note', locationId: one, contactId: 'goes', body: 'Called' }],
  });
  await harness.control.setWebhooks({ url: receiver.url });
});
afterEach(async () => {
  await harness.simulator.close();
  await receiver.close();
});

describe('contacts that are merged', () => {
  it('leave one with the id of the survivor, its own fields, and what it lacked', async () => {
    await harness.control.mergeContacts({ survivorId: 'stays', loserId: 'goes' });
    const contact = inner((await harness.ask('GET', '/contacts/stays')).body, 'contact');
    expect(contact).toMatchObject({
      ...{ firstName: 'Ann', email: 'ann@x.test', phone: '+15550001111', city: 'Boston' },
      tags: ['a', 'b'],
      additionalEmails: [{ email: 'old@x.test' }],
    });
    expect((await harness.ask('GET', '/contacts/goes')).status).toBe(400);
    const found = await harness.ask('POST', '/contacts/search', { body: { locationId: one, pageLimit: 10 } });
    expect(rows(found.body, 'contacts').map(({ id }) => id)).toEqual(['stays']);
    const phone = encodeURIComponent('+15550001111');
    const duplicate = await harness.ask('GET', `/contacts/search/duplicate?locationId=${one}&number=${phone}`);
    expect(inner(duplicate.body, 'contact')['id']).toBe('stays');
  });

  it('bring the survivor all that hung on the other, in one conversation', async () => {
    await harness.control.receiveMessage({ contactId: 'stays', message: 'First' });
    await harness.control.receiveMessage({ contactId: 'goes', message: 'Second' });
    await harness.control.mergeContacts({ survivorId: 'stays', loserId: 'goes' });
    const [thread, ...more] = await harness.control.listRecords('conversations', one);
    expect(more).toEqual([]);
    expect(thread).toMatchObject({ contactId: 'stays', unreadCount: 2, lastMessageBody: 'Second' });
    const messages = await harness.control.listRecords('messages', one);
    expect(messages.map(({ contactId, conversationId }) => [contactId, conversationId])).toEqual([
      ['stays', thread?.id],
      ['stays', thread?.id],
    ]);
    expect(await harness.control.listOpportunities(one)).toMatchObject([{ id: 'deal', contactId: 'stays' }]);
    expect(await harness.control.listNotes(one)).toMatchObject([{ id: 'note', contactId: 'stays' }]);
  });

  it('are told as the end of one and an update of the other', async () => {
    await harness.control.mergeContacts({ survivorId: 'stays', loserId: 'goes' });
    await waitToPass(() => expect(receiver.received).toHaveLength(3));
    const told = receiver.received.map(({ json }) => [json['type'], json['id']]);
    expect(told).toEqual(
      expect.arrayContaining([
        ['ContactDelete', 'goes'],
        ['ContactUpdate', 'stays'],
        ['ContactTagUpdate', 'stays'],
      ]),
    );
  });

  it('keep a block that either of them had', async () => {
    await harness.control.receiveMessage({ contactId: 'goes', message: 'STOP' });
    await harness.control.mergeContacts({ survivorId: 'stays', loserId: 'goes' });
    const body = { type: 'SMS', contactId: 'stays', message: 'Hello' };
    expect((await harness.ask('POST', '/conversations/messages', { body })).status).toBe(400);
  });

  it('are two, and of one location', async () => {
    const refused = { status: 400 };
    await expect(harness.control.mergeContacts({ survivorId: 'stays', loserId: 'stays' })).rejects.toMatchObject(
      refused,
    );
    await expect(harness.control.mergeContacts({ survivorId: 'stays', loserId: 'other' })).rejects.toMatchObject(
      refused,
    );
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { one } from '../harness.ts';
import { inOne, startVendor } from './client.ts';
import type { Vendor } from './client.ts';

let vendor: Vendor;
let contactId: string;
beforeEach(async () => {
  vendor = await startVendor();
  const contact = { locationId: one, firstName: 'Ann', email: 'ann@x.test', phone: '+15550000001' };
  contactId = (await vendor.sdk.contacts.createContact(contact)).contact?.id ?? '';
});
afterEach(() => vendor.close());

/** The client's type follows the published schema, which wrongly requires `subType` and `status`. */
type Body = Parameters<Vendor['sdk']['conversations']['sendANewMessage']>[0];
const send = (body: object): ReturnType<Vendor['sdk']['conversations']['sendANewMessage']> =>
  vendor.sdk.conversations.sendANewMessage({ contactId, ...body } as Body, inOne);

describe('the vendor’s client', () => {
  it('sends a text and follows it until it is delivered', async () => {
    const { conversations } = vendor.sdk;
    const sent = await send({ type: 'SMS', message: 'Hello' });
    expect(sent).toMatchObject({
      conversationId: expect.any(String) as string,
      messageId: expect.any(String) as string,
    });
    await vendor.harness.control.advanceClock(10_000);
    // Under the published type the message stands bare; so it does here.
    expect(await conversations.getMessage({ id: sent.messageId }, inOne)).toMatchObject({
      id: sent.messageId,
      messageType: 'TYPE_SMS',
      direction: 'outbound',
      status: 'delivered',
    });
    const listed: unknown = await conversations.getMessages({ conversationId: sent.conversationId }, inOne);
    expect(listed).toMatchObject({ messages: { nextPage: false, messages: [{ id: sent.messageId }] } });
    const found = await conversations.searchConversation({ locationId: one, contactId });
    expect(found).toMatchObject({ total: 1, conversations: [{ id: sent.conversationId, contactId }] });
  });

  it('exports messages, e-mails only when it asks for them', async () => {
    const { conversations } = vendor.sdk;
    const text = await send({ type: 'SMS', message: 'Hello' });
    const mail = await send({ type: 'Email', subject: 'Hi', html: '<p>Hi</p>' });
    const ids = async (channel?: string): Promise<unknown[]> => {
      const params = { locationId: one, sortOrder: 'asc', ...(channel ? { channel } : {}) };
      const { messages } = await conversations.exportMessagesByLocation(params);
      return messages.map(({ id }) => id);
    };
    expect(await ids()).toEqual([text.messageId]);
    expect(await ids('Email')).toEqual([mail.messageId]);
  });

  it('is refused a text to a contact who wants none', async () => {
    await vendor.sdk.contacts.updateContact({ contactId }, { dndSettings: { SMS: { status: 'active' } } }, inOne);
    await expect(send({ type: 'SMS', message: 'Hello' })).rejects.toMatchObject({
      statusCode: 400,
      message: 'Cannot send message as DND is active for SMS.',
    });
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConversationCursor } from '../../ghl/conversations.ts';
import { createConversation, findConversation, getConversation, searchConversations } from '../../ghl/conversations.ts';
import { exportMessages, getEmail, listMessages, sendMessage } from '../../ghl/messages.ts';
import type { MessageExport } from '../../ghl/messages.ts';
import { here, many, neighbour, openResourceWorld, readAll } from './resource-world.ts';
import type { ResourceWorld } from './resource-world.ts';

let world: ResourceWorld;
beforeEach(async () => {
  world = await openResourceWorld();
  await world.control.seed({
    contacts: [{ id: 'ann', locationId: 'loc1', email: 'ann@example.com', phone: '+14155550100' }],
  });
});
afterEach(() => world.close());

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

describe('a conversation', () => {
  it('is begun once for a contact, and found by the contact afterwards', async () => {
    expect(await findConversation(world.ghl, here, 'ann')).toBeUndefined();
    const made = await createConversation(world.ghl, here, 'ann');
    const again = createConversation(world.ghl, here, 'ann');
    await expect(again).rejects.toMatchObject({ code: 'GhlInvalid', reason: 'conversation-exists' });
    expect((await findConversation(world.ghl, here, 'ann'))?.id).toBe(made.id);
    expect(await getConversation(world.ghl, here, made.id)).toMatchObject({ contactId: 'ann', unreadCount: 0 });
  });

  it('of another location is refused', async () => {
    const { id } = await createConversation(world.ghl, here, 'ann');
    const call = getConversation(world.ghl, neighbour, id);
    await expect(call).rejects.toMatchObject({ code: 'GhlForbidden', reason: 'wrong-tenant' });
    await expect(getConversation(world.ghl, here, 'nobody')).rejects.toMatchObject({ code: 'GhlNotFound' });
  });
});

describe('the list of conversations', () => {
  const seed = (dates: string[]) =>
    world.control.seed({
      conversations: dates.map((date, index) => ({
        id: `t${index}`,
        locationId: 'loc1',
        contactId: `x${index}`,
        lastMessageDate: date,
      })),
    });
  const list = (limit: number) =>
    readAll((after: ConversationCursor | undefined) => searchConversations(world.ghl, here, { limit }, after));
  const ids = (count: number) => many(count, (index) => `t${index}`).sort();

  it('is read to its end, each once', async () => {
    await seed(many(7, at));
    const { items } = await list(3);
    expect(items.map(({ id }) => id)).toEqual(ids(7).reverse());
  });

  it('leaves none of one moment out where a page ends between them', async () => {
    await seed([at(0), at(1), at(1), at(1), at(2), at(3)]);
    const { items } = await list(3);
    expect(items.map(({ id }) => id).sort()).toEqual(ids(6));
    expect(items).toHaveLength(6);
  });

  it('gets past a moment that fills a page', async () => {
    await seed([at(0), ...many(4, () => at(1)), at(2)]);
    const { items } = await list(3);
    expect(items.map(({ id }) => id)).toContain('t0');
  });
});

describe('the messages of a conversation', () => {
  const seed = (count: number) =>
    world.control.seed({
      conversations: [{ id: 'thread', locationId: 'loc1', contactId: 'ann' }],
      messages: many(count, (index) => ({
        id: `m${index}`,
        locationId: 'loc1',
        contactId: 'ann',
        conversationId: 'thread',
        messageType: index % 5 === 4 ? ('TYPE_ACTIVITY_CONTACT' as const) : ('TYPE_SMS' as const),
        direction: 'inbound' as const,
        body: `text ${index}`,
        dateAdded: at(index),
        dateUpdated: at(index),
      })),
    });
  const list = (types?: string[]) =>
    readAll((after: string | undefined) =>
      listMessages(world.ghl, here, { conversationId: 'thread', limit: 4, ...(types ? { types } : {}) }, after),
    );

  it.each(['nested', 'flat'] as const)(
    'are read to their end, newest first, when they come %s',
    async (messageList) => {
      await seed(10);
      await world.control.setBehaviour({ messageList });
      const { items, pages } = await list();
      expect(items.map(({ id }) => id)).toEqual(many(10, (index) => `m${9 - index}`));
      expect(pages).toBe(3);
      expect(items.at(-1)).toMatchObject({ body: 'text 0', direction: 'inbound', messageType: 'TYPE_SMS', type: 2 });
    },
  );

  it('are those of the wished types', async () => {
    await seed(10);
    expect((await list(['TYPE_ACTIVITY_CONTACT'])).items.map(({ id }) => id)).toEqual(['m9', 'm4']);
  });

  it('of another location are refused', async () => {
    await seed(1);
    const call = listMessages(world.ghl, neighbour, { conversationId: 'thread', limit: 4 });
    await expect(call).rejects.toMatchObject({ code: 'GhlForbidden', reason: 'wrong-tenant' });
  });
});

describe('the export of messages', () => {
  const list = (wanted: MessageExport) =>
    readAll((after: string | undefined) => exportMessages(world.ghl, here, wanted, after));

  it('has everything but e-mails without a channel, and e-mails alone with theirs, bodies to be read apart', async () => {
    await world.control.seed({
      conversations: [{ id: 'thread', locationId: 'loc1', contactId: 'ann' }],
      messages: many(25, (index) => ({
        id: `m${index}`,
        locationId: 'loc1',
        contactId: 'ann',
        conversationId: 'thread',
        messageType: index < 12 ? ('TYPE_EMAIL' as const) : ('TYPE_SMS' as const),
        direction: 'inbound' as const,
        body: `text ${index}`,
        ...(index < 12 ? { email: { id: `e${index}`, subject: 'Hello' } } : {}),
        dateAdded: at(index),
        dateUpdated: at(100 - index),
      })),
    });
    const rest = await list({ limit: 10 });
    expect(rest.items.map(({ id }) => id)).toEqual(many(13, (index) => `m${24 - index}`));
    expect(rest.pages).toBe(2);
    const mails = await list({ limit: 10, channel: 'Email' });
    expect(mails.items).toHaveLength(12);
    expect(mails.items.every(({ body }) => body === null)).toBe(true);
    const emailId = mails.items[0]?.meta?.email?.messageIds[0] ?? '';
    expect(await getEmail(world.ghl, here, emailId)).toMatchObject({ id: 'e11', body: 'text 11', subject: 'Hello' });
    await expect(getEmail(world.ghl, neighbour, emailId)).rejects.toMatchObject({ code: 'GhlNotFound' });
  });

  it('fails by itself: sends go on while exports do not answer', async () => {
    await world.control.addFault({ path: '/export', status: 503 });
    const exports = many(12, () => exportMessages(world.ghl, here, { limit: 10 }).catch((error: unknown) => error));
    expect((await Promise.all(exports)).at(-1)).toMatchObject({ code: 'GhlUnavailable' });
    const refused = exportMessages(world.ghl, here, { limit: 10 });
    await expect(refused).rejects.toMatchObject({ code: 'GhlCircuitOpen', reason: 'exports' });
    await expect(sendMessage(world.ghl, here, { type: 'SMS', contactId: 'ann', message: 'Hi' })).resolves.toBeDefined();
  });
});

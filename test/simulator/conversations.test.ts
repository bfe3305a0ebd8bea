import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inner, one, rows, startHarness, two } from './harness.ts';
import type { Answer, Harness } from './harness.ts';

let harness: Harness;
const minute = (count: number): string => new Date(Date.UTC(2026, 0, 1, 0, count)).toISOString();
const message = (count: number, change: object = {}): Record<string, unknown> => ({
  id: `message-${String(count).padStart(3, '0')}`,
  locationId: one,
  contactId: 'ann',
  conversationId: 'thread-1',
  messageType: 'TYPE_SMS',
  direction: 'outbound',
  body: `Text ${count}`,
  dateAdded: minute(count),
  dateUpdated: minute(count),
  ...change,
});

beforeEach(async () => {
  harness = await startHarness();
  await harness.control.seed({
    contacts: [
      { id: 'ann', locationId: one, firstName: 'Ann', phone: '+15550000001' },
      { id: 'bob', locationId: one, firstName: 'Bob', phone: '+15550000002' },
      { id: 'eve', locationId: two, firstName: 'Eve' },
    ],
  });
});
afterEach(() => harness.simulator.close());

const search = (query = ''): Promise<Answer> => harness.ask('GET', `/conversations/search?locationId=${one}${query}`);
const pageThrough = async (query: string, from?: unknown): Promise<Record<string, unknown>[]> => {
  const all: Record<string, unknown>[] = [];
  let cursor = typeof from === 'string' ? `&cursor=${from}` : '';
  do {
    const page = await harness.ask('GET', `/conversations/messages/export?locationId=${one}&limit=10${query}${cursor}`);
    all.push(...rows(page.body, 'messages'));
    const next = page.body['nextCursor'];
    cursor = typeof next === 'string' ? `&cursor=${next}` : '';
  } while (cursor !== '');
  return all;
};

describe('conversations', () => {
  it('are one for each contact, and the second is refused without telling the first', async () => {
    const body = { locationId: one, contactId: 'ann' };
    const made = await harness.ask('POST', '/conversations/', { body });
    expect(made.status).toBe(201);
    const again = await harness.ask('POST', '/conversations/', { body });
    expect(again.status).toBe(400);
    expect(JSON.stringify(again.body)).not.toContain(String(inner(made.body, 'conversation')['id']));
    expect(rows((await search('&contactId=ann')).body, 'conversations')).toHaveLength(1);
  });

  it('begin with the first message and show the newest', async () => {
    await harness.control.receiveMessage({ contactId: 'ann', message: 'Hello' });
    await harness.control.receiveMessage({ contactId: 'ann', message: 'Anyone?' });
    expect((await search()).body).toMatchObject({
      total: 1,
      conversations: [
        {
          contactId: 'ann',
          lastMessageBody: 'Anyone?',
          lastMessageType: 'TYPE_SMS',
          type: 'TYPE_PHONE',
          unreadCount: 2,
        },
      ],
    });
    expect((await search('&status=read')).body['total']).toBe(0);
  });

  it('are paged by the date of the last row', async () => {
    for (const contactId of ['ann', 'bob']) await harness.control.receiveMessage({ contactId, message: 'Hello' });
    const first = rows((await search('&limit=1&sort=asc')).body, 'conversations')[0];
    const [after] = first?.['sort'] as number[];
    const second = await search(`&limit=1&sort=asc&startAfterDate=${String(after)}`);
    expect([first, rows(second.body, 'conversations')[0]].map((row) => row?.['contactId'])).toEqual(['ann', 'bob']);
  });

  it('are changed and removed, by their own location only', async () => {
    const { conversationId } = await harness.control.receiveMessage({ contactId: 'ann', message: 'Hello' });
    const path = `/conversations/${conversationId}`;
    const changed = await harness.ask('PUT', path, { body: { locationId: one, unreadCount: 0, starred: true } });
    expect(changed.body['conversation']).toMatchObject({ unreadCount: 0, starred: true });
    for (const method of ['GET', 'DELETE']) {
      expect((await harness.ask(method, path, { token: 'location-2-token' })).status).toBe(403);
    }
    expect((await harness.ask('GET', `${path}/messages`, { token: 'location-2-token' })).status).toBe(403);
    expect((await harness.ask('DELETE', path)).body['success']).toBe(true);
    expect((await harness.ask('GET', path)).status).toBe(404);
    expect(await harness.control.listRecords('messages', one)).toEqual([]);
  });

  it('end with their contact, and what was waiting to be sent is not', async () => {
    await harness.control.sendMessage({ contactId: 'ann', message: 'Hello' });
    await harness.control.deleteContact('ann');
    await harness.control.advanceClock(60_000);
    expect((await search()).body['total']).toBe(0);
    expect(await harness.control.listRecords('messages', one)).toEqual([]);
  });

  it('begin with a new contact when a stranger texts', async () => {
    await harness.control.receiveMessage({ locationId: one, phone: '(555) 000-7777', message: 'Hi' });
    await harness.control.receiveMessage({ locationId: one, phone: '+15550007777', message: 'Hi again' });
    const contacts = await harness.control.listContacts(one);
    expect(contacts.filter(({ phone }) => phone === '+15550007777')).toHaveLength(1);
    expect((await search()).body['total']).toBe(1);
  });
});

describe('messages of a conversation', () => {
  beforeEach(() =>
    harness.control.seed({
      conversations: [{ id: 'thread-1', locationId: one, contactId: 'ann' }],
      messages: [1, 2, 3, 4, 5].map((count) => message(count)) as never,
    }),
  );

  it('stand one level deeper than published, newest first, and are paged by the last id', async () => {
    const first = await harness.ask('GET', '/conversations/thread-1/messages?limit=3');
    const list = inner(first.body, 'messages');
    expect(rows(list, 'messages').map(({ id }) => id)).toEqual(['message-005', 'message-004', 'message-003']);
    expect(list).toMatchObject({ lastMessageId: 'message-003', nextPage: true });
    const second = await harness.ask('GET', '/conversations/thread-1/messages?limit=3&lastMessageId=message-003');
    expect(inner(second.body, 'messages')).toMatchObject({ nextPage: false, lastMessageId: 'message-001' });
  });

  it('can be as flat as published', async () => {
    await harness.control.setBehaviour({ messageList: 'flat' });
    expect(rows((await harness.ask('GET', '/conversations/thread-1/messages')).body, 'messages')).toHaveLength(5);
  });
});

describe('the export', () => {
  beforeEach(() =>
    harness.control.seed({
      messages: [
        ...Array.from({ length: 23 }, (_, count) => message(count)),
        message(50, { messageType: 'TYPE_EMAIL', email: { id: 'mail-1', subject: 'Hi' } }),
        message(51, { messageType: 'TYPE_ACTIVITY_OPPORTUNITY' }),
        message(52, { messageType: 'TYPE_CALL' }),
        message(60, { id: 'theirs', locationId: two, contactId: 'eve', conversationId: 'thread-2' }),
      ] as never,
    }),
  );
  const idsOf = (messages: Record<string, unknown>[]): unknown[] => messages.map(({ id }) => id);

  it('gives everything but e-mails, page by page, once each, in either order', async () => {
    const newestFirst = idsOf(await pageThrough(''));
    expect(newestFirst).toHaveLength(25);
    expect(newestFirst.slice(0, 3)).toEqual(['message-052', 'message-051', 'message-022']);
    expect(idsOf(await pageThrough('&sortOrder=asc'))).toEqual([...newestFirst].reverse());
  });

  it('gives e-mails when asked for them alone, still without their bodies', async () => {
    const mails = await pageThrough('&channel=Email');
    expect(idsOf(mails)).toEqual(['message-050']);
    expect(mails[0]).not.toHaveProperty('body');
    expect(idsOf(await pageThrough('&channel=Call'))).toEqual(['message-052']);
  });

  it('loses nothing that changes while it is read by the date of change', async () => {
    const byChange = '&sortBy=updatedAt&sortOrder=asc';
    const first = await harness.ask('GET', `/conversations/messages/export?locationId=${one}&limit=10${byChange}`);
    await harness.control.setMessageStatus('message-003', 'failed');
    const rest = await pageThrough(byChange, first.body['nextCursor']);
    expect(idsOf(rest).at(-1)).toBe('message-003');
    expect(new Set([...idsOf(rows(first.body, 'messages')), ...idsOf(rest)]).size).toBe(25);
  });

  it('keeps to dates, contact and location', async () => {
    const within = `&startDate=${minute(5)}&endDate=${minute(7)}`;
    expect(idsOf(await pageThrough(within))).toEqual(['message-007', 'message-006', 'message-005']);
    expect(await pageThrough('&contactId=bob')).toEqual([]);
    const theirs = await harness.ask('GET', `/conversations/messages/export?locationId=${two}`);
    expect(theirs.status).toBe(403);
    for (const wrong of ['limit=9', 'limit=501', 'channel=Fax', 'startDate=yesterday']) {
      const refused = await harness.ask('GET', `/conversations/messages/export?locationId=${one}&${wrong}`);
      expect(refused.status).toBe(422);
    }
    expect((await harness.ask('GET', `/conversations/messages/export?locationId=${one}&cursor=x`)).status).toBe(400);
  });
});

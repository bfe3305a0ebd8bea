import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inner, one, rows, startHarness, two } from './harness.ts';
import type { Answer, Harness } from './harness.ts';

const size = 2_300;
let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
  await harness.control.seed({ generated: [{ locationId: one, contacts: size, messagesPerContact: 3 }] });
  await harness.control.changeLocation(one, { rateLimit: { max: 100_000 } });
});
afterEach(() => harness.simulator.close());

type Body = Record<string, unknown>;
const search = (body: object): Promise<Answer> =>
  harness.ask('POST', '/contacts/search', { body: { locationId: one, pageLimit: 500, ...body } });
const read = async (contactId: unknown): Promise<Body> =>
  inner((await harness.ask('GET', `/contacts/${String(contactId)}`)).body, 'contact');
const exported = (query: string): Promise<Answer> =>
  harness.ask('GET', `/conversations/messages/export?locationId=${one}&limit=500${query}`);
const oldestFirst = { sort: [{ field: 'dateAdded', direction: 'asc' }] };

/** Reads every page of a search behind its cursor; `meanwhile` is done after the first. */
async function searchAll(body: object, meanwhile?: () => Promise<unknown>): Promise<Body[]> {
  const all: Body[] = [];
  for (let searchAfter: unknown; ;) {
    const page = rows((await search({ ...body, ...(searchAfter ? { searchAfter } : {}) })).body, 'contacts');
    if (page.length === 0) return all;
    if (all.length === 0) await meanwhile?.();
    all.push(...page);
    searchAfter = page.at(-1)?.['searchAfter'];
  }
}

async function exportAll(query: string): Promise<Body[]> {
  const all: Body[] = [];
  for (let cursor = ''; ;) {
    const { body } = await exported(`${query}${cursor && `&cursor=${cursor}`}`);
    all.push(...rows(body, 'messages'));
    if (typeof body['nextCursor'] !== 'string') return all;
    cursor = body['nextCursor'];
  }
}
const datesOf = (all: Body[], field: string): unknown[] => all.map((one) => one[field]);

describe('generated contacts', () => {
  it.each(['dateAdded', 'dateUpdated'])('are paged through by %s in either order, each once', async (field) => {
    for (const direction of ['asc', 'desc']) {
      const all = await searchAll({ sort: [{ field, direction }] });
      expect(new Set(datesOf(all, 'id')).size).toBe(size);
      const dates = datesOf(all, field);
      expect(dates).toEqual(direction === 'asc' ? dates.toSorted() : dates.toSorted().reverse());
    }
    expect((await search({})).body['total']).toBe(size);
  });

  it('are the same again by id, e-mail and phone, and for the same seed', async () => {
    const [found] = rows((await search({ page: 2, pageLimit: 10, ...oldestFirst })).body, 'contacts');
    const contact = await read(found?.['id']);
    for (const field of ['email', 'phone'] as const) {
      const hits = await search({ filters: [{ field, operator: 'eq', value: contact[field] }] });
      expect([datesOf(rows(hits.body, 'contacts'), 'id'), hits.body['total']]).toEqual([[contact['id']], 1]);
      const number = encodeURIComponent(String(contact[field]));
      const query = `locationId=${one}&${field === 'email' ? 'email' : 'number'}=${number}`;
      const duplicate = await harness.ask('GET', `/contacts/search/duplicate?${query}`);
      expect(inner(duplicate.body, 'contact')['id']).toBe(contact['id']);
    }
    const again = await startHarness();
    await again.control.seed({ generated: [{ locationId: one, contacts: size, messagesPerContact: 3 }] });
    const same = await again.ask('GET', `/contacts/${String(contact['id'])}`);
    await again.simulator.close();
    expect({ ...inner(same.body, 'contact') }).toEqual(contact);
  });

  it('are filtered and counted by dates and by anything else', async () => {
    const all = await searchAll(oldestFirst);
    const [from, to] = [all[100]?.['dateAdded'], all[199]?.['dateAdded']];
    const filters = [{ field: 'dateAdded', operator: 'range', value: { gte: from, lt: to } }];
    expect((await search({ filters })).body['total']).toBe(99);
    const tagged = all.filter((contact) => (contact['tags'] as string[]).includes('vip')).length;
    const vips = [{ field: 'tags', operator: 'eq', value: 'vip' }];
    expect((await search({ filters: vips })).body['total']).toBe(tagged);
    expect(await searchAll({ filters: vips, ...oldestFirst })).toHaveLength(tagged);
  });

  it('are changed, removed and found to be there like any other', async () => {
    const [first, second] = rows((await search(oldestFirst)).body, 'contacts');
    const before = await read(first?.['id']);
    await harness.ask('POST', `/contacts/${String(first?.['id'])}/tags`, { body: { tags: ['new'] } });
    await harness.ask('DELETE', `/contacts/${String(second?.['id'])}`);
    expect((await read(first?.['id']))['tags']).toContain('new');
    expect((await harness.ask('GET', `/contacts/${String(second?.['id'])}`)).status).toBe(400);
    const all = await searchAll({ sort: [{ field: 'dateUpdated', direction: 'asc' }] });
    expect(all).toHaveLength(size - 1);
    expect(all.at(-1)?.['id']).toBe(first?.['id']);
    expect(all.at(-1)?.['tags']).toContain('new');
    expect((await search({})).body['total']).toBe(size - 1);
    expect((await harness.control.getStats()).contacts).toBe(size - 1);
    const taken = await harness.ask('POST', '/contacts/', { body: { locationId: one, email: before['email'] } });
    expect(inner(taken.body, 'meta')['contactId']).toBe(first?.['id']);
  });

  it('lie among stored ones, and a cursor holds while they change', async () => {
    await harness.control.seed({
      contacts: Array.from({ length: 40 }, (_, n) => ({
        ...{ id: `own-${n}`, locationId: one, email: `own-${n}@x.test` },
        dateAdded: new Date(Date.UTC(2024, 0, 1 + n * 5)).toISOString(),
      })),
    });
    const made = { locationId: one, email: 'later@x.test' };
    const all = await searchAll(oldestFirst, () => harness.control.createContact(made));
    expect(new Set(datesOf(all, 'id')).size).toBe(size + 41);
    expect(datesOf(all, 'dateAdded')).toEqual(datesOf(all, 'dateAdded').toSorted());
  });

  it('belong to their location, which is populated once, and are sorted by date alone', async () => {
    const [first] = rows((await search({})).body, 'contacts');
    const foreign = await harness.ask('GET', `/contacts/${String(first?.['id'])}`, { token: 'location-2-token' });
    expect(foreign.status).toBe(403);
    const more = { locationId: one, contacts: size + 1, messagesPerContact: 3 };
    await expect(harness.control.seed({ generated: [more] })).rejects.toMatchObject({ status: 400 });
    expect((await search({ sort: [{ field: 'email', direction: 'asc' }] })).status).toBe(400);
    expect((await harness.control.listContacts(two)).length).toBe(0);
  });

  it('are listed by the old list as well', async () => {
    const page = await harness.ask('GET', `/contacts/?locationId=${one}&limit=100`);
    const { startAfter, startAfterId } = inner(page.body, 'meta');
    const cursor = `startAfter=${String(startAfter)}&startAfterId=${String(startAfterId)}`;
    const next = await harness.ask('GET', `/contacts/?locationId=${one}&limit=100&${cursor}`);
    const ids = [page, next].flatMap(({ body }) => datesOf(rows(body, 'contacts'), 'id'));
    expect([new Set(ids).size, page.body['count']]).toEqual([200, size]);
  });
});

describe('generated messages', () => {
  it('are exported in the order of their changes, by channel, each once', async () => {
    const [texts, mails] = [
      await exportAll('&sortBy=updatedAt&sortOrder=asc&channel=SMS'),
      await exportAll('&channel=Email'),
    ];
    const others = await exportAll('&sortOrder=asc');
    const calls = await exportAll('&channel=Call');
    expect(texts.length + calls.length).toBe(others.length);
    expect(mails.length + others.length).toBe(size * 3);
    expect(new Set(datesOf([...others, ...mails], 'id')).size).toBe(size * 3);
    expect(datesOf(texts, 'dateAdded')).toEqual(datesOf(texts, 'dateAdded').toSorted());
    expect((await exported('&channel=Email')).body['total']).toBe(mails.length);
    expect((await exported('')).body['total']).toBe(others.length);
    expect(mails.some((mail) => 'body' in mail)).toBe(false);
    const from = String(texts[10]?.['dateAdded']);
    expect((await exported(`&channel=SMS&startDate=${from}`)).body['total']).toBe(texts.length - 10);
  });

  it('stand in the one conversation of their contact, with an e-mail’s body under its own id', async () => {
    const [mail] = await exportAll('&channel=Email');
    const contactId = String(mail?.['contactId']);
    const found = await harness.ask('GET', `/conversations/search?locationId=${one}&contactId=${contactId}`);
    const [thread] = rows(found.body, 'conversations');
    expect(thread?.['id']).toBe(mail?.['conversationId']);
    const list = await harness.ask('GET', `/conversations/${String(thread?.['id'])}/messages`);
    expect(rows(inner(list.body, 'messages'), 'messages')).toHaveLength(3);
    expect((await exported(`&contactId=${contactId}&channel=Email`)).body['total']).toBeGreaterThan(0);
    const { messageIds } = inner(inner(mail ?? {}, 'meta'), 'email') as { messageIds: string[] };
    const whole = await harness.ask('GET', `/conversations/messages/email/${String(messageIds[0])}`);
    expect(whole.body['body']).toMatch(/^Message \d of contact \d+$/);
  });

  it('are followed by new ones, and go with their contact', async () => {
    const [text] = await exportAll('&sortOrder=asc&channel=SMS');
    const contactId = String(text?.['contactId']);
    const before = Number((await exported('&channel=SMS')).body['total']);
    await harness.control.receiveMessage({ contactId, message: 'Hello' });
    const [newest] = rows((await exported('&sortBy=updatedAt')).body, 'messages');
    expect(newest).toMatchObject({ body: 'Hello', contactId });
    expect((await exported('&channel=SMS')).body['total']).toBe(before + 1);
    const latest = await harness.ask('GET', `/conversations/search?locationId=${one}&limit=1`);
    expect(rows(latest.body, 'conversations')[0]).toMatchObject({
      contactId,
      unreadCount: 1,
      lastMessageBody: 'Hello',
    });
    expect(latest.body['total']).toBe(size);
    await harness.ask('DELETE', `/contacts/${contactId}`);
    expect((await exported(`&contactId=${contactId}`)).body['total']).toBe(0);
    expect((await exportAll('')).some((message) => message['contactId'] === contactId)).toBe(false);
    const rest = await harness.ask('GET', `/conversations/search?locationId=${one}&limit=1`);
    expect(rest.body['total']).toBe(size - 1);
  });

  it('let conversations be paged through by the date of the last row', async () => {
    const seen: unknown[] = [];
    for (let after = ''; ;) {
      const page = await harness.ask('GET', `/conversations/search?locationId=${one}&sort=asc&limit=100${after}`);
      const found = rows(page.body, 'conversations');
      if (found.length === 0) break;
      seen.push(...datesOf(found, 'id'));
      after = `&startAfterDate=${String((found.at(-1)?.['sort'] as unknown[])[0])}`;
    }
    expect([seen.length, new Set(seen).size]).toEqual([size, size]);
  });
});

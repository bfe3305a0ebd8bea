import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChangeReport } from '../../simulator/changes/ledger.ts';
import { waitToPass } from '../stack/wait.ts';
import { one, rows, startHarness } from './harness.ts';
import type { Answer, Harness } from './harness.ts';
import { startReceiver } from './receiver.ts';
import type { Receiver } from './receiver.ts';

let harness: Harness;
let receiver: Receiver;
beforeEach(async () => {
  harness = await startHarness();
  receiver = await startReceiver();
  await prepare(harness);
});
afterEach(async () => {
  await harness.simulator.close();
  await receiver.close();
});

async function prepare({ control }: Harness): Promise<void> {
  await control.seed({
    contacts: Array.from({ length: 30 }, (_, n) => ({
      ...{ id: `contact-${n}`, locationId: one, email: `c${n}@x.test`, phone: `+1555000${1000 + n}` },
      dateAdded: '2026-01-01T00:00:00.000Z',
      dateUpdated: '2026-01-01T00:00:00.000Z',
    })),
    calendars: [{ id: 'calendar', locationId: one, name: 'Visits' }],
  });
  await control.changeLocation(one, { rateLimit: { max: 100_000 } });
}

const search = (body: object): Promise<Answer> =>
  harness.ask('POST', '/contacts/search', { body: { locationId: one, pageLimit: 100, ...body } });
const idsOf = (answer: Answer): unknown[] => rows(answer.body, 'contacts').map(({ id }) => id);
const byChange = { sort: [{ field: 'dateUpdated', direction: 'asc' }] };
const since = (gte: string): object => ({ filters: [{ field: 'dateUpdated', operator: 'range', value: { gte } }] });

describe('random changes', () => {
  it('are of every kind, and what they tell of is so', async () => {
    const report = await harness.control.makeChanges({ locationId: one, count: 400 });
    expect(Object.keys(report.counts).sort()).toEqual(
      ['appointment', 'create', 'delete', 'dnd', 'merge', 'message', 'note', 'opportunity', 'tag', 'update'].sort(),
    );
    expect(report.changes).toHaveLength(400);
    const left = new Set((await harness.control.listContacts(one)).map(({ id }) => id));
    for (const { kind, contactId, subjectId } of report.changes) {
      if (kind === 'delete') expect(left.has(contactId)).toBe(false);
      if (kind === 'merge') expect(left.has(subjectId ?? '')).toBe(false);
    }
    const { create = 0, merge = 0, delete: removed = 0 } = report.counts;
    expect(left.size).toBe(30 + create - merge - removed);
  });

  it('are the same for the same seed', async () => {
    const shorten = ({ changes }: ChangeReport): unknown[] =>
      changes.map(({ kind, contactId, subjectId }) => [kind, contactId, subjectId]);
    const first = await harness.control.makeChanges({ locationId: one, count: 100 });
    const again = await startHarness();
    await prepare(again);
    const second = await again.control.makeChanges({ locationId: one, count: 100 });
    await again.simulator.close();
    expect(shorten(second)).toEqual(shorten(first));
  });

  it('come at a pace until they are stopped', async () => {
    await harness.control.startChanges({ locationId: one, perSecond: 100 });
    await waitToPass(async () => expect((await harness.control.getChanges()).changes.length).toBeGreaterThan(20));
    const stopped = await harness.control.stopChanges();
    expect(stopped.running).toBe(false);
    await harness.control.makeChanges({ locationId: one, count: 1 });
    expect((await harness.control.getChanges()).changes).toHaveLength(stopped.changes.length + 1);
    await harness.control.resetChanges();
    expect(await harness.control.getChanges()).toMatchObject({ changes: [], webhooks: [], counts: {} });
  });

  it('tell which of their webhooks were dropped, doubled and overtaken, as the receiver finds it', async () => {
    await harness.control.setWebhooks({ url: receiver.url, dropRate: 0.2, duplicateRate: 0.2, reorderWithinMs: 300 });
    const weights = { create: 1, tag: 3, update: 3, delete: 1 };
    const { webhooks } = await harness.control.makeChanges({ locationId: one, count: 80, weights });
    const expected = webhooks.flatMap(({ webhookId, dropped, doubled }) =>
      Array.from({ length: dropped ? 0 : doubled ? 2 : 1 }, () => webhookId),
    );
    await waitToPass(() => expect(receiver.received).toHaveLength(expected.length));
    const arrived = receiver.received.map(({ json }) => String(json['webhookId']));
    expect(arrived.sort()).toEqual(expected.sort());
    expect(webhooks.every(({ change }) => change !== null)).toBe(true);
    for (const fate of ['dropped', 'doubled', 'reordered'] as const) {
      expect(webhooks.some((webhook) => webhook[fate])).toBe(true);
      expect(webhooks.every((webhook) => webhook[fate])).toBe(false);
    }
  });

  it('tell what each webhook was about, and which records are no more', async () => {
    const { control } = harness;
    await control.setWebhooks({ url: receiver.url });
    await control.makeChanges({ locationId: one, count: 200 });
    const [note] = await control.listNotes(one);
    await harness.ask('DELETE', `/contacts/${note!.contactId}/notes/${note!.id}`);
    const { webhooks, removed, changes } = await control.getChanges();
    const ids = (kind: string) => new Set(removed.filter((each) => each.kind === kind).map(({ id }) => id));
    const gone = changes.flatMap(({ kind, contactId, subjectId }) =>
      kind === 'delete' ? [contactId] : kind === 'merge' ? [subjectId] : [],
    );
    expect([...ids('contact')].sort()).toEqual([...gone].sort());
    expect(ids('note')).toContain(note!.id);
    const left = await control.listRecords('messages', one);
    expect(left.filter(({ id }) => ids('message').has(id))).toEqual([]);
    const made = changes.filter(({ kind }) => kind === 'message').map(({ subjectId }) => subjectId);
    const there = new Set(left.map(({ id }) => id));
    expect(made.every((id) => there.has(id!) !== ids('message').has(id!))).toBe(true);
    const told = new Map(webhooks.map((each) => [`${each.type}/${each.recordId}`, each]));
    for (const { kind, contactId, subjectId } of changes) {
      if (kind === 'delete')
        expect(told.get(`ContactDelete/${contactId}`)).toMatchObject({ contactId, locationId: one });
      if (kind === 'appointment')
        expect(told.has(`AppointmentCreate/${subjectId}`) || told.has(`AppointmentUpdate/${subjectId}`)).toBe(true);
    }
    const inbound = left.filter(({ id, direction }) => direction === 'inbound' && made.includes(id));
    expect(inbound.length).toBeGreaterThan(0);
    for (const { id } of inbound) expect(told.has(`InboundMessage/${id}`)).toBe(true);
  });

  it('come to several locations in turn', async () => {
    const two = 'location-in-turn';
    const { companyId } = (await harness.control.listLocations())[0]!;
    await harness.control.seed({ locations: [{ id: two, companyId, name: 'Two' }] });
    await harness.control.startChanges({ locationId: [one, two], perSecond: 100, weights: { create: 1 } });
    const created = async (locationId: string) =>
      (await harness.control.listContacts(locationId)).filter(({ source }) => source === 'live changes').length;
    await waitToPass(async () => expect(await created(two)).toBeGreaterThan(5));
    await harness.control.stopChanges();
    expect(Math.abs((await created(one)) - (await created(two)))).toBeLessThanOrEqual(1);
    expect((await harness.control.getChangeCounts()).running).toBe(false);
  });

  it('leave a list that has generated records among the others, each once, as long as they are there', async () => {
    await harness.control.seed({ generated: [{ locationId: one, contacts: 200, messagesPerContact: 2 }] });
    await harness.control.makeChanges({ locationId: one, count: 150 });
    const contacts = await harness.control.listAllContacts(one);
    expect(contacts).toHaveLength((await harness.control.getStats()).contacts);
    expect(new Set(contacts.map(({ id }) => id)).size).toBe(contacts.length);
    const there = new Set(contacts.map(({ id }) => id));
    for (const name of ['conversations', 'messages'] as const) {
      const records = await harness.control.listAllRecords(name, one);
      expect(
        records.every(({ contactId }) => there.has(contactId)),
        name,
      ).toBe(true);
      expect(new Set(records.map(({ id }) => id)).size).toBe(records.length);
      expect(records.length).toBeGreaterThan((await harness.control.listRecords(name, one)).length);
    }
  });

  it('reach generated contacts too', async () => {
    await harness.control.seed({ generated: [{ locationId: one, contacts: 5_000, messagesPerContact: 2 }] });
    const { changes } = await harness.control.makeChanges({ locationId: one, count: 60 });
    expect(changes.some(({ contactId }) => contactId.startsWith('Gn'))).toBe(true);
    const left = (await search({ pageLimit: 1 })).body['total'];
    const { create = 0, merge = 0, delete: removed = 0 } = (await harness.control.getChanges()).counts;
    expect(left).toBe(5_030 + create - merge - removed);
  });
});

describe('a poll by date of change', () => {
  const start = '2026-01-02T00:00:00.000Z';

  it.each<[string, (id: string) => Promise<unknown>]>([
    ['a field', (id) => harness.ask('PUT', `/contacts/${id}`, { body: { city: 'Boston' } })],
    ['a tag', (id) => harness.ask('POST', `/contacts/${id}/tags`, { body: { tags: ['new'] } })],
    ['a tag of many', (id) => bulkTag([id])],
    [
      'its block',
      (id) => harness.ask('PUT', `/contacts/${id}`, { body: { dndSettings: { SMS: { status: 'active' } } } }),
    ],
    ['a STOP', (id) => harness.control.receiveMessage({ contactId: id, message: 'STOP' })],
    ['a merge', (id) => harness.control.mergeContacts({ survivorId: id, loserId: 'contact-9' })],
  ])('sees a contact that %s has changed', async (_case, change) => {
    expect(idsOf(await search(since(start)))).toEqual([]);
    await change('contact-3');
    expect(idsOf(await search({ ...since(start), ...byChange }))).toEqual(['contact-3']);
  });

  const bulkTag = (contacts: string[]): Promise<Answer> =>
    harness.ask('POST', '/contacts/bulk/tags/update/add', { body: { contacts, tags: ['bulk'], locationId: one } });

  it('misses nothing behind its cursor although records move to the end meanwhile, while page numbers do', async () => {
    await harness.control.seed({
      contacts: Array.from({ length: 30 }, (_, n) => ({
        ...{ id: `contact-${n}`, locationId: one },
        dateUpdated: new Date(Date.UTC(2026, 0, 1, 0, n)).toISOString(),
      })),
    });
    const read = async (how: 'cursor' | 'number'): Promise<unknown[]> => {
      const seen: unknown[] = [];
      let searchAfter: unknown;
      for (let page = 1; ; page += 1) {
        const place = how === 'number' ? { page } : searchAfter ? { searchAfter } : {};
        const answer = await search({ ...byChange, ...place, pageLimit: 10 });
        const found = rows(answer.body, 'contacts');
        if (found.length === 0) return seen;
        seen.push(...found.map(({ id }) => id));
        searchAfter = found.at(-1)?.['searchAfter'];
        if (page === 1) await bulkTag(idsOf(answer).map(String));
      }
    };
    const all = Array.from({ length: 30 }, (_, n) => `contact-${n}`).sort();
    expect([...new Set(await read('cursor'))].sort()).toEqual(all);
    expect(new Set(await read('number')).size).toBeLessThan(30);
  });

  it('sees a change after the lag of the index, and a later one of another contact perhaps before it', async () => {
    await harness.control.setBehaviour({ searchLagMs: 1_000, searchLagJitterMs: 4_000 });
    for (let n = 0; n < 10; n += 1) await bulkTag([`contact-${n}`]);
    expect(idsOf(await search(since(start)))).toEqual([]);
    const seen: unknown[] = [];
    for (let step = 0; step < 10; step += 1) {
      await harness.control.advanceClock(500);
      seen.push(...idsOf(await search({ ...since(start), ...byChange })).filter((id) => !seen.includes(id)));
    }
    const inOrder = Array.from({ length: 10 }, (_, n) => `contact-${n}`);
    expect(seen.toSorted()).toEqual(inOrder);
    expect(seen).not.toEqual(inOrder);
  });

  it('finds conversations by their last message and appointments by their time', async () => {
    for (const contactId of ['contact-1', 'contact-2']) {
      await harness.control.receiveMessage({ contactId, message: 'Hello' });
      await harness.control.advanceClock(1_000);
    }
    const list = (query: string): Promise<Answer> =>
      harness.ask('GET', `/conversations/search?locationId=${one}&sort=asc${query}`);
    const first = rows((await list('&limit=1')).body, 'conversations')[0];
    expect(first?.['contactId']).toBe('contact-1');
    await harness.control.receiveMessage({ contactId: 'contact-1', message: 'Again' });
    const [at] = first?.['sort'] as [number];
    const rest = rows((await list(`&startAfterDate=${at}`)).body, 'conversations');
    expect(rest.map(({ contactId }) => contactId)).toEqual(['contact-2', 'contact-1']);

    const visit = { calendarId: 'calendar', contactId: 'contact-1', startTime: '2027-01-04T10:00:00Z' };
    const { id } = await harness.control.bookAppointment(visit);
    const events = async (from: string): Promise<unknown[]> => {
      const span = `startTime=${Date.parse(from)}&endTime=${Date.parse(from) + 86_400_000}`;
      const query = `locationId=${one}&calendarId=calendar&${span}`;
      return rows((await harness.ask('GET', `/calendars/events?${query}`)).body, 'events').map((event) => event['id']);
    };
    expect(await events('2027-01-04')).toEqual([id]);
    await harness.control.changeAppointment(id, { startTime: '2027-01-06T10:00:00Z', endTime: '2027-01-06T10:30:00Z' });
    expect([await events('2027-01-04'), await events('2027-01-06')]).toEqual([[], [id]]);
  });
});

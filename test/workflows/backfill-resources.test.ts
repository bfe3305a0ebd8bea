import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackfillResource } from '../../domain/backfill.ts';
import type { Fields, MirroredResource } from '../../domain/mirror.ts';
import { type BackfillHarness, createBackfillHarness, oldContacts } from '../stack/backfill-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';

const RATE = { rateLimit: { max: 10_000 } };
const HERE = 'one-loc-back-bay';
const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2024, 0, 1);
const day = (at: number): string => new Date(START_MS + at * DAY_MS).toISOString();

let system: TestSystem;
let backfills: BackfillHarness;
const contacts = oldContacts(HERE, 12);
const contactId = (at: number): string => contacts[at % contacts.length]!.id!;
beforeAll(async () => {
  system = await startTestSystem();
  const agency = await system.plant(smallAgency('one'));
  backfills = createBackfillHarness(system, agency);
  await system.simulator.changeLocation(HERE, RATE);
  await system.startWorkers(['bulk']);
  await system.simulator.seed({ contacts });
});
afterAll(() => system.stop());

async function complete(resource: BackfillResource, range: { from?: Date; to?: Date } = {}) {
  const { parts } = await backfills.complete({ under: 'back-bay', resources: [resource], ...range });
  return parts[0]!;
}

async function mirrored(resource: MirroredResource): Promise<Record<string, Fields>> {
  const rows = await system.database.ownerDb
    .selectFrom('mirror_records')
    .select(['ghl_id', 'fields', 'ghl_contact_id'])
    .where('resource', '=', resource as 'opportunity')
    .where('deleted_at', 'is', null)
    .execute();
  return Object.fromEntries(rows.map((row) => [row.ghl_id, { ...(row.fields as Fields), of: row.ghl_contact_id }]));
}

describe('a backfill of conversations', () => {
  const message = (at: number, more: object) => ({
    id: `message-${at}`,
    locationId: HERE,
    contactId: contactId(at),
    conversationId: `conversation-${at % contacts.length}`,
    direction: 'inbound' as const,
    dateAdded: day(at),
    dateUpdated: day(at),
    ...more,
  });
  const email = (at: number) =>
    message(at, {
      messageType: 'TYPE_EMAIL' as const,
      body: `<p>Letter ${at}</p>`,
      email: { id: `email-${at}`, subject: `Subject ${at}`, from: 'a@x.test', to: ['b@x.test'] },
    });
  const kinds = [
    (at: number) => message(at, { messageType: 'TYPE_SMS' as const, body: `Text ${at}` }),
    email,
    (at: number) =>
      message(at, { messageType: 'TYPE_CALL' as const, call: { durationSeconds: at, status: 'completed' } }),
    (at: number) => message(at, { messageType: 'TYPE_ACTIVITY_CONTACT' as const, body: 'Something happened' }),
  ];
  const messages = Array.from({ length: 160 }, (_, at) => kinds[at % kinds.length]!(at));

  const stored = async () => {
    const rows = await system.database.ownerDb
      .selectFrom('messages')
      .select(['ghl_id', 'fields', 'ghl_contact_id', 'ghl_created_at'])
      .where('deleted_at', 'is', null)
      .execute();
    return new Map(rows.map((row) => [row.ghl_id, row]));
  };

  beforeAll(async () => {
    const conversations = contacts.map((_, at) => ({
      id: `conversation-${at}`,
      locationId: HERE,
      contactId: contactId(at),
      lastMessageDate: day(148 + at),
      dateAdded: day(at),
    }));
    await system.simulator.seed({ conversations, messages: messages as never });
  });

  it('brings every text, call and e-mail with its body, and nothing that nobody wrote', async () => {
    const part = await complete('conversation');
    expect(part).toMatchObject({ state: 'done', cause: null, checked: 120, stored: 120, missing: 0, different: 0 });
    const rows = await stored();
    const written = messages.filter((each) => !('body' in each && each.body === 'Something happened'));
    expect([...rows.keys()].sort()).toEqual(written.map(({ id }) => id).sort());
    for (const each of written) {
      const row = rows.get(each.id)!;
      expect(row.ghl_contact_id).toBe(each.contactId);
      expect(row.ghl_created_at.toISOString()).toBe(each.dateAdded);
    }
    expect(rows.get('message-0')!.fields).toMatchObject({ body: 'Text 0', messageType: 'TYPE_SMS' });
    expect(rows.get('message-1')!.fields).toMatchObject({
      body: '<p>Letter 1</p>',
      subject: 'Subject 1',
      from: 'a@x.test',
      to: ['b@x.test'],
    });
    expect(rows.get('message-2')!.fields).toMatchObject({ meta: { callDuration: '2', callStatus: 'completed' } });
    const conversations = await mirrored('conversation');
    expect(Object.keys(conversations).sort()).toEqual(contacts.map((_, at) => `conversation-${at}`).sort());
    expect(conversations['conversation-3']).toEqual({ of: contactId(3) });
  });

  it('writes nothing and reads no e-mail again when it is repeated', async () => {
    const before = await backfills.versions();
    await system.simulator.resetCalls();
    expect(await complete('conversation')).toMatchObject({ state: 'done', written: 0, stored: 120 });
    expect(await backfills.versions()).toEqual(before);
    const { counts } = await system.simulator.getCalls();
    expect(Object.keys(counts).filter((name) => name.includes('/messages/email/'))).toEqual([]);
  });

  it('finds by reading it that a message has been deleted, and only then believes it', async () => {
    await system.database.ownerDb
      .insertInto('messages')
      .values({
        agency_id: backfills.agencyId,
        location_id: backfills.location('back-bay'),
        ghl_id: 'never-was',
        ghl_created_at: new Date(day(4.5)),
        fields: JSON.stringify({ messageType: 'TYPE_SMS' }),
        observed_at: new Date(day(5)),
        found_by: 'event',
      })
      .execute();
    expect(await complete('conversation')).toMatchObject({ state: 'done', deleted: 1, stored: 120, checked: 120 });
    expect((await stored()).has('never-was')).toBe(false);
  });

  it('finds that a conversation has been deleted by its messages and then by reading it, and keeps one without any', async () => {
    const at = {
      agency_id: backfills.agencyId,
      location_id: backfills.location('back-bay'),
      ghl_contact_id: contactId(1),
    };
    const seen = { ...at, observed_at: new Date(day(5)), found_by: 'event' as const };
    const conversation = { ...seen, resource: 'conversation' as const, fields: '{}' };
    await system.database.ownerDb
      .insertInto('mirror_records')
      .values([
        { ...conversation, ghl_id: 'deleted-talk' },
        { ...conversation, ghl_id: 'silent-talk' },
      ])
      .execute();
    const text = JSON.stringify({ messageType: 'TYPE_SMS', conversationId: 'deleted-talk' });
    await system.database.ownerDb
      .insertInto('messages')
      .values({ ...seen, ghl_id: 'deleted-text', ghl_created_at: new Date(day(4.5)), fields: text })
      .execute();
    const silent = { id: 'silent-talk', locationId: HERE, contactId: contactId(1), dateAdded: day(1) };
    await system.simulator.seed({ conversations: [{ ...silent, lastMessageDate: day(1) }] });
    await system.simulator.resetCalls();
    expect(await complete('conversation')).toMatchObject({ state: 'done', deleted: 2, stored: 120, checked: 120 });
    const conversations = Object.keys(await mirrored('conversation'));
    expect(conversations).toContain('silent-talk');
    expect(conversations).not.toContain('deleted-talk');
    // Only those of which no message is there are read.
    const { counts } = await system.simulator.getCalls();
    const reads = Object.entries(counts).filter(([call]) => call.startsWith('GET /conversations/:conversationId '));
    expect(reads.reduce((sum, [, count]) => sum + count, 0)).toBeLessThan(contacts.length);
  });
});

describe('a backfill of what hangs on contacts', () => {
  it('brings every opportunity, and finds those that have been deleted since', async () => {
    const opportunities = Array.from({ length: 230 }, (_, at) => ({
      id: `opportunity-${String(at).padStart(3, '0')}`,
      locationId: HERE,
      contactId: contactId(at),
      name: `Deal ${at}`,
      pipelineId: 'one-pipe-back-bay',
      pipelineStageId: 'one-stage-back-bay',
      status: 'open' as const,
      monetaryValue: at,
      // Several of one moment: pages end within them.
      createdAt: day(Math.floor(at / 7)),
      updatedAt: day(Math.floor(at / 7)),
    }));
    await system.simulator.seed({ opportunities });
    const part = await complete('opportunity');
    expect(part).toMatchObject({ state: 'done', listed: 230, checked: 230, stored: 230, missing: 0, deleted: 0 });
    const expected = opportunities.map(
      ({ id, name, pipelineId, pipelineStageId, status, monetaryValue, contactId: of }) => [
        id,
        { name, pipelineId, pipelineStageId, status, monetaryValue, of },
      ],
    );
    expect(await mirrored('opportunity')).toEqual(Object.fromEntries(expected));
    await system.simulator.deleteOpportunity('opportunity-010');
    await system.simulator.deleteOpportunity('opportunity-229');
    expect(await complete('opportunity')).toMatchObject({ written: 0, deleted: 2, checked: 228, stored: 228 });
    const range = { from: new Date(day(3)), to: new Date(day(5)) };
    expect(await complete('opportunity', range)).toMatchObject({ listed: 14, checked: 14, stored: 14 });
  });

  it('brings the appointments of every calendar, however long ago', async () => {
    const calendars = ['one', 'two'].map((id) => ({ id: `calendar-${id}`, locationId: HERE, name: id }));
    const appointments = Array.from({ length: 40 }, (_, at) => ({
      id: `appointment-${at}`,
      locationId: HERE,
      calendarId: calendars[at % 2]!.id,
      contactId: contactId(at),
      title: `Visit ${at}`,
      startTime: day(at * 30 - 600),
      endTime: day(at * 30 - 600 + 0.02),
      dateAdded: day(0),
      dateUpdated: day(0),
    }));
    await system.simulator.seed({ calendars, appointments });
    expect(await complete('appointment')).toMatchObject({ state: 'done', checked: 40, stored: 40, missing: 0 });
    const found = await mirrored('appointment');
    expect(Object.keys(found)).toHaveLength(40);
    for (const { id, title, startTime, calendarId, contactId: of } of appointments) {
      expect(found[id]).toMatchObject({ title, startTime, calendarId, of });
    }
    await system.simulator.deleteAppointment('appointment-7');
    expect(await complete('appointment')).toMatchObject({ written: 0, deleted: 1, checked: 39, stored: 39 });
  });

  it('brings every transaction, whose pages go by offset', async () => {
    const transactions = Array.from({ length: 230 }, (_, at) => ({
      id: `transaction-${at}`,
      locationId: HERE,
      contactId: contactId(at),
      amount: at,
      createdAt: day(at),
      updatedAt: day(at),
    }));
    await system.simulator.seed({ transactions });
    expect(await complete('transaction')).toMatchObject({ state: 'done', checked: 230, stored: 230, missing: 0 });
    const found = await mirrored('transaction');
    for (const { id, amount, contactId: of } of transactions) expect(found[id]).toMatchObject({ amount, of });
    const range = { from: new Date(day(10)), to: new Date(day(20)) };
    expect(await complete('transaction', range)).toMatchObject({ listed: 10, stored: 10, written: 0 });
  });
});

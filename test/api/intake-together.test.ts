import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventIntake } from '../../api/event-intake.ts';
import { keyOfId } from '../../api/event-key.ts';
import { readGhlDelivery } from '../../api/ghl-delivery.ts';
import { takeGhlDelivery } from '../../api/ghl-intake.ts';
import type { EventOwner, Incoming, IntakeDoor, Receipt } from '../../api/intake-door.ts';
import { unseal } from '../../crypto/seal.ts';
import { createDatabase } from '../../db/database.ts';
import { isStorageAway } from '../../db/storage-away.ts';
import { openCountedWay } from '../db/count-round-trips.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { waitToPass } from '../stack/wait.ts';
import { addAgency, type TestAgency } from './agency.ts';
import { contactCreate, keyRing } from './api-world.ts';
import { createDeliveries, createTestIntake, type Deliveries, type Event, idOf, outcomesOf } from './intake-harness.ts';

let database: TestDatabase;
let agency: TestAgency;
let neighbour: TestAgency;
let intake: EventIntake;
let deliver: Deliveries['deliver'];
let deliverAll: Deliveries['deliverAll'];

beforeAll(async () => {
  database = await createTestDatabase();
  [agency, neighbour] = [await addAgency(database.ownerDb, 'Agency'), await addAgency(database.ownerDb, 'Neighbour')];
  intake = createTestIntake(database.db);
  ({ deliver, deliverAll } = createDeliveries(agency.master, intake));
});
afterAll(() => database.drop());

const storedOf = async (events: Event[]) =>
  database.ownerDb
    .selectFrom('events')
    .selectAll()
    .select(sql<string>`xmin::text`.as('transaction'))
    .where('event_id', 'in', events.map(idOf))
    .orderBy('id')
    .execute();
const leadsOf = (contactId: string) =>
  database.ownerDb.selectFrom('leads').selectAll().where('source_contact_id', '=', contactId).execute();
const followUpsOf = (leadId: string) =>
  database.ownerDb
    .selectFrom('event_capabilities')
    .selectAll()
    .where('ordering_key', '=', `lead:${leadId}`)
    .where('capability', '=', 'lead-follow-up')
    .execute();

describe('deliveries that come at once', () => {
  it('are stored in one transaction, in the order in which they came, each with its own body, lead and work', async () => {
    const events = Array.from({ length: 20 }, (_, turn) => contactCreate({ note: 'ü'.repeat(turn * 10) }));
    const receipts = await Promise.all(events.map((event) => deliver(event)));
    const stored = await storedOf(events);
    expect(stored.map((row) => row.event_id)).toEqual(events.map(idOf));
    expect(new Set(stored.map((row) => row.transaction)).size).toBe(1);
    const owner = { agencyId: agency.agencyId, locationId: agency.master.id, purpose: 'event-body' };
    for (const [turn, event] of events.entries()) {
      expect(JSON.parse(unseal(keyRing, stored[turn]!.body!, owner).toString())).toMatchObject(event);
      const [lead, ...others] = await leadsOf(event.id);
      expect(others).toEqual([]);
      expect(lead).toMatchObject({ id: receipts[turn]!.leadId, event_row_id: stored[turn]!.id });
    }
    const work = await database.ownerDb
      .selectFrom('event_capabilities')
      .select(['cause_id', 'capability'])
      .where(
        'cause_id',
        'in',
        receipts.map((receipt) => receipt.rowId),
      )
      .where('capability', '=', 'lead-intake')
      .orderBy('sequence')
      .execute();
    expect(work.map((row) => row.cause_id)).toEqual(receipts.map((receipt) => receipt.rowId));
  });

  it('wait for Postgres five times, however many they are and whatever they ask for', async () => {
    const way = await openCountedWay(database.url);
    const db = createDatabase({ url: way.url, poolSize: 1 });
    const byWay = createTestIntake(db);
    try {
      await deliver(contactCreate(), byWay);
      const events = [
        ...Array.from({ length: 10 }, () => contactCreate()),
        ...Array.from({ length: 10 }, () => ({ ...contactCreate(), type: 'ContactUpdate' })),
      ];
      expect(await way.countTrips(() => deliverAll(events, byWay))).toBe(5);
      expect(new Set((await storedOf(events)).map((row) => row.transaction)).size).toBe(1);
    } finally {
      await db.destroy();
      await way.close();
    }
  });

  it('with one that Postgres cannot store are all taken but that one', async () => {
    const events = Array.from({ length: 9 }, () => contactCreate());
    const body = Buffer.from('{}');
    const bad = { ...readGhlDelivery(body, {}), key: keyOfId(randomUUID()), type: 'no\u0000type' };
    const [good, refused] = await Promise.all([
      Promise.all(events.map((event) => deliver(event))),
      takeGhlDelivery(intake, bad, body).catch((error: unknown) => error),
    ]);
    expect(refused).toBeInstanceOf(Error);
    expect(good.map((receipt) => receipt.outcome)).toEqual(events.map(() => 'taken'));
    expect(await storedOf(events)).toHaveLength(9);
    expect(new Set((await Promise.all(events.map(({ id }) => leadsOf(id)))).map((leads) => leads.length))).toEqual(
      new Set([1]),
    );
  });

  it('with one whose lead must be new and is not are all taken but that one, of which nothing is stored', async () => {
    const leadKey = `api:${uuidv7()}`;
    const door: IntakeDoor<Incoming, EventOwner> = {
      findOwners: (_tx, events) =>
        Promise.resolve(
          events.map(() => ({ agencyId: agency.agencyId, locationId: agency.master.id, status: 'accepted' })),
        ),
      plan: (_tx, events) =>
        Promise.resolve(
          events.map(() => ({ lead: { key: leadKey, triggerName: null, sourceContactId: null, mustBeNew: true } })),
        ),
    };
    const post = (eventId: string) => {
      const nothing = { ghlLocationId: null, ghlContactId: null, occurredAt: null };
      const told = { source: 'api', key: keyOfId(eventId), type: 'LeadPosted', ...nothing } as const;
      return intake.take(door, { ...told, body: Buffer.from('{}') });
    };
    const ids = [randomUUID(), randomUUID()];
    const events = Array.from({ length: 5 }, () => contactCreate());
    const [posted, delivered] = await Promise.all([Promise.allSettled(ids.map(post)), deliverAll(events)]);
    expect(posted.map((each) => each.status)).toEqual(['fulfilled', 'rejected']);
    expect((posted[1] as PromiseRejectedResult).reason).toMatchObject({ code: 'KnownLeadKey' });
    expect(await storedOf(ids.map((webhookId) => ({ webhookId })))).toHaveLength(1);
    expect(outcomesOf(delivered)).toEqual(events.map(() => 'taken'));
    expect(await post(ids[0]!)).toMatchObject({ outcome: 'repeat' });
  });

  it('are recognised when they are the same', async () => {
    const [event, other] = [contactCreate(), contactCreate()];
    const settled = await deliverAll([event, other, event, event, other]);
    expect(outcomesOf(settled)).toEqual(['taken', 'taken', 'repeat', 'repeat', 'repeat']);
    expect(await storedOf([event, other])).toHaveLength(2);
    expect(await leadsOf(event.id)).toHaveLength(1);
  });

  it('of one contact are taken in their order, so that the second sees the lead that the first made', async () => {
    const created = contactCreate();
    const deleted = { type: 'ContactDelete', id: created.id, webhookId: randomUUID() };
    await deliverAll([created, deleted, contactCreate()]);
    const [lead] = await leadsOf(created.id);
    expect(await followUpsOf(lead!.id)).toMatchObject([{ input: { change: { kind: 'contact-deleted' } } }]);
    const rows = await storedOf([created, deleted]);
    expect(rows.map((row) => row.type)).toEqual(['ContactCreate', 'ContactDelete']);
  });

  it('of two tenants with the same ids of contacts ask nothing of each other', async () => {
    const ours = contactCreate();
    const theirs = contactCreate({ id: ours.id, locationId: neighbour.master.ghlId });
    await deliver(ours);
    await deliverAll([theirs, { type: 'ContactDelete', id: ours.id, webhookId: randomUUID() }]);
    const leads = await leadsOf(ours.id);
    expect(leads).toHaveLength(2);
    const [lead, neighbours] = [agency, neighbour].map(({ agencyId }) =>
      leads.find((row) => row.agency_id === agencyId),
    );
    expect(neighbours!.intake_location_id).toBe(neighbour.master.id);
    expect(await followUpsOf(lead!.id)).toMatchObject([{ agency_id: agency.agencyId }]);
    expect(await followUpsOf(neighbours!.id)).toEqual([]);
    const [stored] = await storedOf([theirs]);
    expect(stored).toMatchObject({ agency_id: neighbour.agencyId, location_id: neighbour.master.id });
    const as = (of: TestAgency) => ({ agencyId: of.agencyId, locationId: of.master.id, purpose: 'event-body' });
    expect(() => unseal(keyRing, stored!.body!, as(agency))).toThrow();
    expect(unseal(keyRing, stored!.body!, as(neighbour)).length).toBeGreaterThan(0);
  });

  it('with some of a location that nobody knows are kept, those with one letter', async () => {
    const locationId = `unknown-${randomUUID()}`;
    const strangers = [contactCreate({ locationId }), contactCreate({ locationId })];
    const known = contactCreate();
    const settled = await deliverAll([strangers[0]!, known, strangers[1]!]);
    const statuses = settled.map((each) => (each.status === 'fulfilled' ? each.value.status : 'refused'));
    expect(statuses).toEqual(['unknown-tenant', 'accepted', 'unknown-tenant']);
    const letters = database.ownerDb.selectFrom('dead_letters').selectAll().where('subject_id', '=', locationId);
    expect(await letters.execute()).toMatchObject([{ agency_id: null, cause: 'unknown-tenant' }]);
    expect(await leadsOf(known.id)).toHaveLength(1);
    expect(await leadsOf(strangers[0]!.id)).toEqual([]);
  });

  it('keep characters that are none, as the rest of the text allows', async () => {
    const event = contactCreate({ id: `half-\ud800-${uuidv7()}` });
    expect(await deliver(event)).toMatchObject({ outcome: 'taken', status: 'accepted' });
    expect((await storedOf([event]))[0]!.ghl_contact_id).toMatch(/^half-\ufffd-/);
  });
});

describe('two processes', () => {
  it('that take the same deliveries in opposite order take each once, and do not wait for each other in a circle', async () => {
    const connect = () => createDatabase({ url: database.url, poolSize: 2 });
    const [here, there] = [connect(), connect()];
    const locationId = `unknown-${randomUUID()}`;
    const events = [
      ...Array.from({ length: 20 }, () => contactCreate()),
      ...Array.from({ length: 5 }, () => contactCreate({ locationId })),
      ...Array.from({ length: 20 }, () => ({
        type: 'NoteCreate',
        id: uuidv7(),
        contactId: uuidv7(),
        webhookId: uuidv7(),
      })),
    ];
    // A third holds a key in the middle up, so that both have taken some and want the others' when it lets go.
    const held = { source: 'ghl', event_id: idOf(events[22]!), event_row_id: uuidv7(), agency_id: null } as const;
    const holding = await database.ownerDb.startTransaction().execute();
    await holding.insertInto('event_keys').values(held).execute();
    const both = [
      deliverAll(events, createTestIntake(here)),
      deliverAll(events.toReversed(), createTestIntake(there)),
    ] as const;
    await waitToPass(async () => {
      const waiting = await sql`
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(
        database.ownerDb,
      );
      expect(waiting.rows).toHaveLength(2);
    });
    await holding.rollback().execute();
    const [one, other] = [outcomesOf(await both[0]), outcomesOf(await both[1]).toReversed()];
    for (const index of events.keys()) expect([one[index], other[index]].sort()).toEqual(['repeat', 'taken']);
    expect(await storedOf(events)).toHaveLength(events.length);
    await Promise.all([here.destroy(), there.destroy()]);
    const counted = await sql<{ deadlocks: string }>`
      select deadlocks from pg_stat_database where datname = current_database()`.execute(database.ownerDb);
    expect(Number(counted.rows[0]!.deadlocks)).toBe(0);
  });
});

describe('while connections to Postgres break', () => {
  it('what was answered as taken is there, and what was not can be delivered again', async () => {
    const events = Array.from({ length: 300 }, () => contactCreate());
    const answers: Promise<PromiseSettledResult<Receipt>[]>[] = [];
    let broken = 0;
    for (let from = 0; from < events.length; from += 10) {
      answers.push(deliverAll(events.slice(from, from + 10)));
      const ended = await sql<{ pid: number }>`
        select pg_terminate_backend(pid), pid from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()
          and state in ('active', 'idle in transaction')`.execute(database.ownerDb);
      broken += ended.rows.length;
    }
    const settled = (await Promise.all(answers)).flat();
    const refused = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
    expect(broken).toBeGreaterThan(0);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.filter((error) => !isStorageAway(error))).toEqual([]);
    const stored = new Set((await storedOf(events)).map((row) => row.event_id));
    for (const [index, each] of settled.entries()) {
      if (each.status === 'fulfilled') expect(stored).toContain(idOf(events[index]!));
    }
    const again = outcomesOf(await deliverAll(events));
    expect(again).not.toContain('refused');
    expect(await storedOf(events)).toHaveLength(events.length);
    for (const { id } of events.slice(0, 30)) expect(await leadsOf(id)).toHaveLength(1);
  });
});

import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { createDatabase } from '../../db/database.ts';
import { findEvent, type NewEvent, takeEvent, takeEvents } from '../../db/events.ts';
import { withSystemRole } from '../../db/scope.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';

const TEN_MINUTES_MS = 600_000;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const event = (eventId: string, more: Partial<NewEvent> = {}): NewEvent => ({
  rowId: uuidv7(),
  source: 'ghl',
  eventId,
  repeatWithinMs: null,
  receivedAt: new Date(),
  agencyId: null,
  locationId: null,
  type: 'ContactCreate',
  status: 'accepted',
  ghlLocationId: null,
  ghlContactId: null,
  occurredAt: null,
  body: Buffer.from('body'),
  ...more,
});
const take = (of: NewEvent, db = database.db) => withSystemRole(db, 'intake', (tx) => takeEvent(tx, of));
const stored = (eventId: string) =>
  database.ownerDb.selectFrom('events').select('id').where('event_id', '=', eventId).execute();
const age = (eventId: string, interval: string) =>
  sql`update event_keys set received_at = received_at - ${interval}::interval where event_id = ${eventId}`.execute(
    database.ownerDb,
  );

describe('takeEvent', () => {
  it('takes one of fifty equal deliveries that arrive at once', async () => {
    const wide = createDatabase({ url: database.url, poolSize: 25 });
    const taken = await Promise.all(Array.from({ length: 50 }, () => take(event('raced'), wide)));
    await wide.destroy();
    expect(taken.filter(Boolean)).toHaveLength(1);
    expect(await stored('raced')).toHaveLength(1);
  });

  it('takes one of twenty equal contents that arrive at once after the window', async () => {
    const of = () => event('raced-hash', { repeatWithinMs: TEN_MINUTES_MS });
    await take(of());
    await age('raced-hash', '11 minutes');
    const wide = createDatabase({ url: database.url, poolSize: 20 });
    const taken = await Promise.all(Array.from({ length: 20 }, () => take(of(), wide)));
    await wide.destroy();
    expect(taken.filter(Boolean)).toHaveLength(1);
    expect(await stored('raced-hash')).toHaveLength(2);
  });

  it('keeps the sources apart', async () => {
    expect(await take(event('same'))).toBe(true);
    expect(await take(event('same', { source: 'api' }))).toBe(true);
    expect(await take(event('same'))).toBe(false);
  });

  it('takes an id once for ever: forty days later, and after its partition was dropped', async () => {
    const of = () => event('for-ever');
    await take(of());
    await age('for-ever', '40 days');
    expect(await take(of())).toBe(false);
    const leaf = await sql<{ name: string }>`
      select tableoid::regclass::text as name from events where event_id = 'for-ever'`.execute(database.ownerDb);
    await sql`alter table events detach partition ${sql.table(leaf.rows[0]!.name)}`.execute(database.ownerDb);
    expect(await stored('for-ever')).toEqual([]);
    expect(await take(of())).toBe(false);
    await sql`drop table ${sql.table(leaf.rows[0]!.name)}`.execute(database.ownerDb);
    await sql`select ensure_month_partitions(current_date, 1)`.execute(database.ownerDb);
  });

  it('takes equal content again once the window has passed, and measures the next window from then', async () => {
    const of = () => event('hash', { repeatWithinMs: TEN_MINUTES_MS });
    expect(await take(of())).toBe(true);
    await age('hash', '9 minutes 50 seconds');
    expect(await take(of())).toBe(false);
    await age('hash', '20 seconds');
    expect(await take(of())).toBe(true);
    expect(await take(of())).toBe(false);
    expect(await stored('hash')).toHaveLength(2);
  });

  it('takes of several at once what is new, whose window has passed, or was nobody’s, each with its own body', async () => {
    const windowed = (id: string, body: string) =>
      event(id, { repeatWithinMs: TEN_MINUTES_MS, body: Buffer.from(body) });
    for (const before of [event('known'), windowed('early', '1'), windowed('late', '1'), event('nobody’s')])
      await take(before);
    await age('late', '11 minutes');
    const agencyId = uuidv7();
    const several = [
      event('known', { agencyId: null }),
      event('no-body', { body: null }),
      windowed('late', 'second'),
      event('nobody’s', { agencyId, body: Buffer.from('found') }),
      windowed('early', '2'),
      event('new', { body: Buffer.from('') }),
    ];
    const taken = await withSystemRole(database.db, 'intake', (tx) => takeEvents(tx, several));
    expect(several.filter(({ rowId }) => taken.has(rowId)).map(({ eventId }) => eventId)).toEqual([
      'no-body',
      'late',
      'nobody’s',
      'new',
    ]);
    const bodies = await database.ownerDb
      .selectFrom('events')
      .select(['id', 'body'])
      .where('id', 'in', [...taken])
      .execute();
    expect(new Map(bodies.map(({ id, body }) => [id, body?.toString() ?? null]))).toEqual(
      new Map([1, 2, 3, 5].map((index) => [several[index]!.rowId, several[index]!.body?.toString() ?? null])),
    );
    const keys = database.ownerDb.selectFrom('event_keys').select('agency_id').where('event_id', '=', 'nobody’s');
    expect(await keys.execute()).toEqual([{ agency_id: agencyId }]);
    expect(await take(event('nobody’s', { agencyId }))).toBe(false);
  });

  it('leaves no key behind when the transaction is undone', async () => {
    const undone = withSystemRole(database.db, 'intake', async (tx) => {
      await takeEvent(tx, event('undone'));
      throw new Error('undo');
    });
    await expect(undone).rejects.toThrow('undo');
    expect(await take(event('undone'))).toBe(true);
  });

  it('stores what a scope can find again by row id and time', async () => {
    const of = event('found');
    await take(of);
    const found = await database.ownerDb.transaction().execute((tx) => findEvent(tx, of.rowId, of.receivedAt));
    expect(found).toMatchObject({ type: 'ContactCreate', body: Buffer.from('body') });
  });
});

import { sql, type Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { markDeleted, writeObservations } from '../../db/mirror.ts';
import type { MirrorPlace } from '../../db/mirror-place.ts';
import type { Database } from '../../db/schema.ts';
import { withScope } from '../../db/scope.ts';
import type { MirroredResource, Observation } from '../../domain/mirror.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { waitForLock } from '../stack/wait-for-lock.ts';
import { plantTenant, type Tenant } from './plant-tenant.ts';

let database: TestDatabase;
let tenant: Tenant;
let id: string;
beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await plantTenant(database.ownerDb, 'tenant');
  // What Postgres believes of these tables is for the tests to say.
  const leaves = await sql<{ relname: string }>`select relname from pg_class where relkind = 'r'
    and relname ~ '^(contacts|messages|mirror_records)'`.execute(database.ownerDb);
  for (const { relname } of leaves.rows) {
    await sql`alter table ${sql.table(relname)} set (autovacuum_enabled = off)`.execute(database.ownerDb);
  }
});
afterAll(() => database.drop());
beforeEach(() => {
  id = uuidv7();
});

const at = (ms: number): Date => new Date(Date.UTC(2026, 0, 1) + ms);
const place = (resource: MirroredResource = 'contact'): MirrorPlace => ({
  agencyId: tenant.agencyId,
  locationId: tenant.nearId,
  resource,
});
const sight = (ms: number, more: Partial<Observation> = {}): Observation => ({
  ghlId: id,
  ghlContactId: id,
  fields: { city: `city ${ms}` },
  ghlCreatedAt: at(0),
  ghlUpdatedAt: at(ms),
  observedAt: at(ms),
  isExact: true,
  ...more,
});
const write = (of: MirrorPlace, ...sights: Observation[]) =>
  withScope(database.db, tenant, (tx) => writeObservations(tx, of, sights, 'poll'));
const TABLES = { contact: 'contacts', message: 'messages', opportunity: 'mirror_records' } as const;
type Tried = keyof typeof TABLES;
const rowOf = async (resource: Tried) => {
  const found = await sql<{ version: string; fields: unknown; deleted_at: Date | null; missing_since: Date | null }>`
    select xmin::text as version, * from ${sql.table(TABLES[resource])} where ghl_id = ${id}`.execute(database.ownerDb);
  expect(found.rows.length).toBeLessThan(2);
  return found.rows[0];
};

describe.each(Object.keys(TABLES) as Tried[])('the mirror of one %s', (resource) => {
  it('holds the newest of what was seen, in whatever order it came', async () => {
    expect(await write(place(resource), sight(2))).toEqual([{ ghlId: id, judgement: 'new' }]);
    expect(await write(place(resource), sight(1))).toEqual([{ ghlId: id, judgement: 'older' }]);
    expect(await write(place(resource), sight(3))).toEqual([{ ghlId: id, judgement: 'newer' }]);
    expect(await rowOf(resource)).toMatchObject({ fields: { city: 'city 3' } });
  });

  it('is not written when nothing has changed', async () => {
    await write(place(resource), sight(1));
    const before = await rowOf(resource);
    await write(place(resource), sight(1, { observedAt: at(50) }), sight(0));
    expect(await rowOf(resource)).toEqual(before);
  });

  it('waits for nobody when it is seen as it is known', async () => {
    await write(place(resource), sight(5));
    await withScope(database.db, tenant, async (tx) => {
      await sql`select from ${sql.table(TABLES[resource])} where ghl_id = ${id} for update`.execute(tx);
      expect(await write(place(resource), sight(5, { observedAt: at(50) }))).toEqual([
        { ghlId: id, judgement: 'same' },
      ]);
    });
  });

  it('is judged by what it has become when it was changed between the look and the lock', async () => {
    await write(place(resource), sight(1));
    const others: Promise<unknown>[] = [];
    await withScope(database.db, tenant, async (tx) => {
      await writeObservations(tx, place(resource), [sight(9)], 'poll');
      // It sees the row as it was, finds itself newer, and has to wait for this transaction.
      others.push(write(place(resource), sight(5)));
      await waitForLock(database);
    });
    expect(await Promise.all(others)).toEqual([[{ ghlId: id, judgement: 'older' }]]);
    expect(await rowOf(resource)).toMatchObject({ fields: { city: 'city 9' } });
  });

  it('is one row when several see it first at the same moment, and the newest of them wins', async () => {
    const order = [5, 1, 9, 3, 7];
    await Promise.all(order.map((ms) => write(place(resource), sight(ms))));
    expect(await rowOf(resource)).toMatchObject({ fields: { city: 'city 9' } });
  });

  it('is deleted by what was asked later, and comes back by a later read only', async () => {
    const gone = (ms: number) => withScope(database.db, tenant, (tx) => markDeleted(tx, place(resource), [id], at(ms)));
    await write(place(resource), sight(5));
    expect(await gone(4)).toEqual([]);
    expect(await gone(6)).toEqual([id]);
    expect(await gone(7)).toEqual([]);
    expect(await write(place(resource), sight(6, { observedAt: at(9), isExact: false }))).toMatchObject([
      { judgement: 'doubtful' },
    ]);
    expect((await rowOf(resource))?.deleted_at).toEqual(at(6));
    expect(await write(place(resource), sight(8))).toMatchObject([{ judgement: 'restored' }]);
    expect((await rowOf(resource))?.deleted_at).toBeNull();
  });

  it('is not missing once it is seen, however old the sight', async () => {
    await write(place(resource), sight(5));
    await sql`update ${sql.table(TABLES[resource])} set missing_since = now() where ghl_id = ${id}`.execute(
      database.ownerDb,
    );
    await write(place(resource), sight(4));
    expect((await rowOf(resource))?.missing_since).toBeNull();
  });
});

describe.each(Object.keys(TABLES) as Tried[])(
  'a location with many of %s that Postgres has not counted',
  (resource) => {
    const [PAGE, ROWS] = [200, 4_000];
    const pageOf = (from: number, ms: number) =>
      Array.from({ length: PAGE }, (_, index) =>
        sight(ms, { ghlId: `${id}-${from + index}`, ghlCreatedAt: at(from + index) }),
      );
    /** Rows of the mirror that this connection has looked at and not yet told the statistics of. */
    const lookedAt = async (tx: Transaction<Database>): Promise<number> => {
      const looked = await sql<{ rows: number }>`
        select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::int as rows from pg_stat_xact_user_tables
        where relname like ${`${TABLES[resource]}%`}`.execute(tx);
      return looked.rows[0]!.rows;
    };
    const writeAs = ({ agencyId }: Tenant, locationId: string, page: Observation[]) =>
      withScope(database.db, { agencyId }, async (tx) => {
        // Despite its name the view also has what earlier transactions of the last second have looked at.
        const before = await lookedAt(tx);
        await writeObservations(tx, { agencyId, locationId, resource }, page, 'poll');
        return (await lookedAt(tx)) - before;
      });
    const fill = async (of: Tenant, locationId: string): Promise<void> => {
      for (let from = 0; from < ROWS; from += PAGE) await writeAs(of, locationId, pageOf(from, 1));
    };
    const expectLittleLookedAt = async (of: Tenant, locationId: string): Promise<void> => {
      // Versions of rows that nobody needs any more are looked at as well, until a vacuum.
      expect(await writeAs(of, locationId, pageOf(0, 1))).toBeLessThan(ROWS);
      expect(await writeAs(of, locationId, pageOf(PAGE, 2))).toBeLessThan(ROWS);
    };

    it('is not read whole for a page, whether all is new to Postgres, the location or the agency', async () => {
      const { ownerDb } = database;
      await fill(tenant, tenant.nearId);
      await expectLittleLookedAt(tenant, tenant.nearId);
      await sql`analyze ${sql.table(TABLES[resource])}`.execute(ownerDb);
      await expectLittleLookedAt(tenant, tenant.nearId);
      await fill(tenant, tenant.farId);
      await expectLittleLookedAt(tenant, tenant.farId);
      const newcomer = await plantTenant(ownerDb, `newcomer-${resource}`);
      await fill(newcomer, newcomer.nearId);
      await expectLittleLookedAt(newcomer, newcomer.nearId);
    });
  },
);

it('writes many pages of the same records at once without a deadlock', async () => {
  const ids = Array.from({ length: 200 }, () => uuidv7());
  const page = (ms: number, order: string[]) => order.map((ghlId) => sight(ms, { ghlId, ghlContactId: ghlId }));
  await Promise.all([
    write(place(), ...page(1, ids)),
    write(place(), ...page(2, [...ids].reverse())),
    write(place(), ...page(3, [...ids].sort())),
  ]);
  const rows = await database.ownerDb.selectFrom('contacts').select('fields').where('ghl_id', 'in', ids).execute();
  expect(rows.map(({ fields }) => fields)).toEqual(ids.map(() => ({ city: 'city 3' })));
});

it('keeps the known spelling of a contact that a list shows newer, and marks it to be read', async () => {
  await write(place(), sight(1, { fields: { firstName: 'Ann', city: 'Boston' } }));
  await write(place(), sight(2, { fields: { firstName: 'ann', city: 'Salem' }, isExact: false }));
  const read = () => database.ownerDb.selectFrom('contacts').selectAll().where('ghl_id', '=', id).executeTakeFirst();
  expect(await read()).toMatchObject({ fields: { firstName: 'Ann', city: 'Salem' }, is_exact: false });
  await write(place(), sight(2, { fields: { firstName: 'ANN', city: 'Salem' }, observedAt: at(3) }));
  expect(await read()).toMatchObject({ fields: { firstName: 'ANN', city: 'Salem' }, is_exact: true });
});

it('finds a contact by its e-mail in whatever case, and by its phone', async () => {
  await write(place(), sight(1, { fields: { email: 'Some.One@X.test', phone: '+16175550100' } }));
  const found = await database.ownerDb
    .selectFrom('contacts')
    .select(['email', 'phone'])
    .where('ghl_id', '=', id)
    .executeTakeFirst();
  expect(found).toEqual({ email: 'some.one@x.test', phone: '+16175550100' });
});

it('takes messages of any year', async () => {
  const old = sight(1, { ghlCreatedAt: new Date(Date.UTC(2017, 4, 1)) });
  expect(await write(place('message'), old)).toMatchObject([{ judgement: 'new' }]);
});

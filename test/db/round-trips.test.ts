import { type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase } from '../../db/database.ts';
import { createBudgetStore } from '../../db/ghl-budgets.ts';
import type { Database } from '../../db/schema.ts';
import { commitWith, withScope, withSystemRole } from '../../db/scope.ts';
import { NOTHING_OBSERVED } from '../../domain/ghl-budget.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { type CountedWay, openCountedWay } from './count-round-trips.ts';
import { plantTenant, type Tenant } from './plant-tenant.ts';

let database: TestDatabase;
let tenant: Tenant;
let way: CountedWay;
/** One connection, so that what a transaction leaves behind meets the next. */
let db: Kysely<Database>;
beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await plantTenant(database.ownerDb, 'tenant');
  way = await openCountedWay(database.url);
  db = createDatabase({ url: way.url, poolSize: 1 });
  await withSystemRole(db, 'app', (tx) => sql`select 1`.execute(tx));
});
afterAll(async () => {
  await db.destroy();
  await way.close();
  await database.drop();
});

const ours = () => ({ agencyId: tenant.agencyId });
const nameIn = async (of: Kysely<Database>): Promise<string> =>
  (await of.selectFrom('agencies').select('name').where('id', '=', tenant.agencyId).executeTakeFirstOrThrow()).name;
const renamed = (of: Kysely<Database>, name: string) =>
  of.updateTable('agencies').set({ name }).where('id', '=', tenant.agencyId);

describe('a scoped transaction', () => {
  it('has no round trip of its own before its first statement, and one for its commit', async () => {
    expect(await way.countTrips(() => withScope(db, ours(), nameIn))).toBe(2);
    const twice = () => withScope(db, ours(), async (tx) => [await nameIn(tx), await nameIn(tx)]);
    expect(await way.countTrips(twice)).toBe(3);
    const asRelay = () => withSystemRole(db, 'relay', (tx) => sql`select 1`.execute(tx));
    expect(await way.countTrips(asRelay)).toBe(2);
  });

  it('sends nothing when it asks nothing', async () => {
    expect(await way.countTrips(() => withScope(db, ours(), async () => undefined))).toBe(0);
    const failing = withScope(db, ours(), () => Promise.reject(new Error('stop')));
    await expect(failing).rejects.toThrow('stop');
    expect(await withScope(db, ours(), nameIn)).toBe('tenant');
  });

  it('is one round trip when it is known to be one statement, and refuses another', async () => {
    expect(await way.countTrips(() => withScope(db, ours(), nameIn, 'one statement'))).toBe(1);
    expect(await withScope(db, ours(), nameIn, 'one statement')).toBe('tenant');
    const change = () => withScope(db, ours(), (tx) => renamed(tx, 'changed').execute(), 'one statement');
    expect(await way.countTrips(change)).toBe(1);
    expect(await nameIn(database.ownerDb)).toBe('changed');
    const more = withScope(db, ours(), async (tx) => [await nameIn(tx), await nameIn(tx)], 'one statement');
    await expect(more).rejects.toMatchObject({ code: 'TransactionOver' });
    await withScope(db, ours(), (tx) => renamed(tx, 'tenant').execute());
  });

  it('commits with the statement that is named its last', async () => {
    const change = () =>
      withScope(db, ours(), async (tx) => {
        await nameIn(tx);
        const { rows } = await commitWith(tx, renamed(tx, 'changed').returning('name'));
        expect(rows).toEqual([{ name: 'changed' }]);
        // Committed already, and seen by others, while the work goes on.
        expect(await nameIn(database.ownerDb)).toBe('changed');
      });
    expect(await way.countTrips(change)).toBe(2);
    const { numAffectedRows } = await withScope(db, ours(), (tx) => commitWith(tx, renamed(tx, 'tenant')));
    expect(numAffectedRows).toBe(1n);
  });

  it('does nothing after the statement that was named its last', async () => {
    const failing = withScope(db, ours(), async (tx) => {
      await commitWith(tx, sql`select 1`);
      await renamed(tx, 'too late').execute();
    });
    await expect(failing).rejects.toMatchObject({ code: 'TransactionOver' });
    expect(await nameIn(database.ownerDb)).toBe('tenant');
  });

  it('undoes everything when its last statement fails, and leaves the connection as it was', async () => {
    const failing = withScope(db, ours(), async (tx) => {
      await renamed(tx, 'changed').execute();
      await commitWith(tx, sql`select 1 / 0`);
    });
    await expect(failing).rejects.toMatchObject({ code: '22012' });
    expect(await nameIn(database.ownerDb)).toBe('tenant');
    const first = withScope(db, ours(), (tx) => sql`select 1 / 0`.execute(tx), 'one statement');
    await expect(first).rejects.toMatchObject({ code: '22012' });
    const left = await sql<{ role: string }>`select current_user as role`.execute(db);
    expect(left.rows[0]?.role).not.toMatch(/^switchyard_app/);
    expect(await withScope(db, ours(), nameIn)).toBe('tenant');
  });

  it('names whose statement failed', async () => {
    async function askForNothing(): Promise<void> {
      await withScope(db, ours(), (tx) => sql`select 1 / 0`.execute(tx));
    }
    const error = await askForNothing().catch((failure: unknown) => failure);
    expect((error as Error).stack).toContain('askForNothing');
  });

  it('answers its first statement as any other, whatever goes in and comes out', async () => {
    const values = [
      new Date('2026-01-01T00:00:00Z'),
      Buffer.from([0, 1, 255]),
      ['a', 'b"c'],
      { d: ["'"] },
      null,
      7n,
      true,
    ];
    const ask = (of: Kysely<Database>) =>
      sql`select ${values[0]}::timestamptz as at, ${values[1]}::bytea as bytes, ${values[2]}::text[] as list,
        ${JSON.stringify(values[3])}::jsonb as json, ${values[4]}::text as nothing, ${values[5]}::bigint as big,
        ${values[6]}::boolean as yes, ${'it’s; -- a text'}::text as text from generate_series(1, 2)`.execute(of);
    await withScope(db, ours(), async (tx) => {
      const first = await ask(tx);
      expect(first.rows).toHaveLength(2);
      expect(first.rows[0]).toMatchObject({
        at: values[0],
        list: values[2],
        json: values[3],
        nothing: null,
        yes: true,
      });
      expect(await ask(tx)).toEqual(first);
      expect(await commitWith(tx, sql`select 1 where false`)).toEqual({ rows: [] });
    });
    expect((await withScope(db, ours(), (tx) => sql``.execute(tx), 'one statement')).rows).toEqual([]);
    const circle: { self?: unknown } = {};
    circle.self = circle;
    await expect(withScope(db, ours(), (tx) => sql`select ${circle}::text`.execute(tx))).rejects.toThrow('circular');
    expect(await withScope(db, ours(), nameIn)).toBe('tenant');
  });

  it('holds what is asked of it at the same moment in one transaction, in its order', async () => {
    const change = withScope(db, ours(), async (tx) => {
      await Promise.all([renamed(tx, 'changed').execute(), sql`select 1 / 0`.execute(tx)]);
    });
    await expect(change).rejects.toMatchObject({ code: '22012' });
    expect(await nameIn(database.ownerDb)).toBe('tenant');
  });
});

describe('the budget of a resource', () => {
  it('costs two round trips, whether a request is taken or its end is stored', async () => {
    const store = createBudgetStore(db);
    const location = { kind: 'location', agencyId: tenant.agencyId, ghlLocationId: 'one' } as const;
    await store.take(location, 'interactive');
    const take = () => store.take(location, 'interactive');
    expect(await way.countTrips(take)).toBe(2);
    const taken = await store.take(location, 'interactive');
    if (!taken.granted) throw new Error('refused');
    expect(await way.countTrips(() => store.settle(location, taken.grant, NOTHING_OBSERVED).stored)).toBe(2);
  });
});

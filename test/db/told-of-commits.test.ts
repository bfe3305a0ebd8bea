import { type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase } from '../../db/database.ts';
import type { Database } from '../../db/schema.ts';
import { commitWith, withScope } from '../../db/scope.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { plantTenant, type Tenant } from './plant-tenant.ts';

let database: TestDatabase;
let tenant: Tenant;
/** One connection, so that what a transaction leaves behind meets the next. */
let db: Kysely<Database>;
beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await plantTenant(database.ownerDb, 'tenant');
  await sql`create table checked (id int primary key deferrable initially deferred)`.execute(database.ownerDb);
  await sql`grant insert, select on checked to switchyard_app`.execute(database.ownerDb);
  db = createDatabase({ url: `${database.url}?query_timeout=1000`, poolSize: 1 });
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

const ours = () => ({ agencyId: tenant.agencyId });
const rename = (of: Kysely<Database>, name: string) =>
  of.updateTable('agencies').set({ name }).where('id', '=', tenant.agencyId);
const nameNow = async () =>
  (
    await database.ownerDb
      .selectFrom('agencies')
      .select('name')
      .where('id', '=', tenant.agencyId)
      .executeTakeFirstOrThrow()
  ).name;
const ignored = (): undefined => undefined;

/** The next transaction on the same connection finds nothing of the one before. */
async function expectUntouched(): Promise<void> {
  expect(await nameNow()).toBe('tenant');
  const next = await withScope(db, ours(), (tx) => sql`select name from agencies`.execute(tx), 'one statement');
  expect(next.rows).toEqual([{ name: 'tenant' }]);
}

describe('a transaction is told to be committed only when it was', () => {
  it('when the failure of one of its statements was kept from whoever asked', async () => {
    const work = withScope(db, ours(), async (tx) => {
      await rename(tx, 'changed').execute();
      await sql`select 1 / 0`.execute(tx).catch(ignored);
    });
    await expect(work).rejects.toMatchObject({ code: 'TransactionUndone' });
    await expectUntouched();
  });

  it('when that was its first, only or last statement, with which the commit was sent', async () => {
    const only = withScope(db, ours(), (tx) => sql`select 1 / 0`.execute(tx).catch(ignored), 'one statement');
    await expect(only).rejects.toMatchObject({ code: 'TransactionUndone' });
    await expectUntouched();
    const last = withScope(db, ours(), async (tx) => {
      await rename(tx, 'changed').execute();
      await commitWith(tx, sql`select 1 / 0`).catch(ignored);
    });
    await expect(last).rejects.toMatchObject({ code: 'TransactionUndone' });
    await expectUntouched();
  });

  it('when a value could not be written, or an answer did not come', async () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    const unwritten = withScope(db, ours(), async (tx) => {
      await rename(tx, 'changed').execute();
      await sql`select ${circle}::text`.execute(tx).catch(ignored);
    });
    await expect(unwritten).rejects.toThrow('circular');
    await expectUntouched();
    const unanswered = withScope(db, ours(), async (tx) => {
      await rename(tx, 'changed').execute();
      await sql`select pg_sleep(1.5)`.execute(tx).catch(ignored);
    });
    await expect(unanswered).rejects.toThrow('timeout');
    await expectUntouched();
  });

  it('when what is checked at its end fails, whichever way the commit is sent', async () => {
    const twice = sql`insert into checked values (1), (1)`;
    const sent = withScope(db, ours(), (tx) => twice.execute(tx));
    await expect(sent).rejects.toMatchObject({ code: '23505' });
    const together = withScope(db, ours(), (tx) => twice.execute(tx), 'one statement');
    await expect(together).rejects.toMatchObject({ code: '23505' });
    const kept = withScope(db, ours(), (tx) => commitWith(tx, twice).catch(ignored));
    await expect(kept).rejects.toMatchObject({ code: 'TransactionUndone' });
    expect((await sql`select * from checked`.execute(database.ownerDb)).rows).toEqual([]);
    await expectUntouched();
  });
});

describe('what comes after the end of a transaction', () => {
  it('is refused, though its connection is open, and leaves the next transaction alone', async () => {
    let late: Promise<unknown> = Promise.resolve();
    const answers = withScope(db, ours(), (tx) => {
      // Each waits for the one before, so that the last is asked while the transaction is being ended.
      const asked = Array.from({ length: 6 }, (_, turn) =>
        turn === 0 ? sql`select 1 / 0`.execute(tx) : commitWith(tx, rename(tx, `late ${turn}`)),
      );
      late = Promise.allSettled(asked);
      return Promise.all(asked);
    });
    await expect(answers).rejects.toMatchObject({ code: '22012' });
    await expectUntouched();
    await late;
    await expectUntouched();
  });
});

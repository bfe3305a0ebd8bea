import { type RawBuilder, sql, type Transaction } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mapStoreFailures } from '../../activities/store-failure.ts';
import { createDatabase } from '../../db/database.ts';
import type { Database } from '../../db/schema.ts';
import { withScope } from '../../db/scope.ts';
import { run } from '../stack/activity-bench.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { failureOf } from './failure.ts';

let database: TestDatabase;
const agencyId = crypto.randomUUID();
beforeAll(async () => {
  database = await createTestDatabase();
  await database.ownerDb
    .insertInto('agencies')
    .values({ id: agencyId, name: 'Zachary Ltd', ghl_company_id: null })
    .execute();
});
afterAll(() => database.drop());

/** How an activity fails whose one step in Postgres is this. */
const failing = (step: (tx: Transaction<Database>) => Promise<unknown>) => {
  const { activity } = mapStoreFailures({
    activity: (_: null) => withScope(database.db, { agencyId }, async (tx) => void (await step(tx))),
  });
  return failureOf(run(activity, null));
};
const statement = (query: RawBuilder<unknown>) => (tx: Transaction<Database>) => query.execute(tx);

describe('a database step', () => {
  it.each([
    ['a value that is none', sql`select 'Zachary'::uuid`, 'Postgres22P02'],
    ['a row that is there', sql`insert into agencies (id, name) values (${agencyId}, 'Zachary')`, 'Postgres23505'],
    ['a table that is not', sql`select 'Zachary' from no_such_table`, 'Postgres42P01'],
    [
      'rows of another tenant',
      sql`insert into agencies (id, name) values (gen_random_uuid(), 'Zachary')`,
      'Postgres42501',
    ],
  ])('that meets %s ends for good and quotes nothing', async (_case, query, type) => {
    const failure = await failing(statement(query));
    expect(failure).toMatchObject({ type, nonRetryable: true });
    expect(JSON.stringify([failure.message, failure.stack, failure.cause, failure.details])).not.toMatch(/Zachary/);
  });

  it.each([
    [
      'no row',
      (tx: Transaction<Database>) => tx.selectFrom('locations').selectAll().executeTakeFirstOrThrow(),
      'NoResultError',
    ],
    ['a value of no known shape', async () => z.object({ a: z.string() }).parse({ a: 7 }), 'ZodError'],
    ['a mistake in the code', async () => (undefined as unknown as string).trim(), 'TypeError'],
  ])('that meets %s ends for good', async (_case, step, type) => {
    const failure = await failing(step);
    expect(failure).toMatchObject({ type, nonRetryable: true });
    // Where it happened is what an operator needs.
    expect(failure.stack).toMatch(/\n\s+at /);
  });

  it.each([
    [
      'is cut short by an operator',
      sql`select set_config('statement_timeout', '20', true), pg_sleep(0)`,
      sql`select pg_sleep(5)`,
      'Postgres57014',
    ],
    ['cannot write for now', sql`set transaction read only`, sql`update agencies set name = 'x'`, 'Postgres25006'],
  ])('that %s is tried again', async (_case, before, query, type) => {
    const failure = await failing(async (tx) => {
      await before.execute(tx);
      await query.execute(tx);
    });
    expect(failure).toMatchObject({ type, nonRetryable: false });
  });

  it('that meets a lock or a collision is tried again', async () => {
    await database.ownerDb.transaction().execute(async (other) => {
      await sql`select from agencies where id = ${agencyId} for update`.execute(other);
      const locked = await failing(statement(sql`select from agencies for update nowait`));
      expect(locked).toMatchObject({ type: 'Postgres55P03', nonRetryable: false });
    });
    // Not in the step's own transaction: what opens that is a query, after which none can be told to be another kind.
    const collision = await failing(() =>
      database.ownerDb
        .transaction()
        .setIsolationLevel('repeatable read')
        .execute(async (tx) => {
          await sql`select from agencies`.execute(tx);
          await database.ownerDb.updateTable('agencies').set({ name: 'other' }).where('id', '=', agencyId).execute();
          await sql`update agencies set name = 'mine'`.execute(tx);
        }),
    );
    expect(collision).toMatchObject({ type: 'Postgres40001', nonRetryable: false });
  });

  it('is tried again while Postgres is away or its pool is empty', async () => {
    const away = createDatabase({ url: 'postgres://nobody@127.0.0.1:1/none' });
    const narrow = createDatabase({ url: database.url, poolSize: 1, connectTimeoutMs: 100 });
    const on = (db: typeof away) =>
      mapStoreFailures({ look: (_: null) => withScope(db, { agencyId }, async () => undefined) }).look;
    expect(await failureOf(run(on(away), null))).toMatchObject({ type: 'ECONNREFUSED', nonRetryable: false });
    await withScope(narrow, { agencyId }, async () => {
      expect(await failureOf(run(on(narrow), null))).toMatchObject({ type: 'PostgresAway', nonRetryable: false });
    });
    await Promise.all([away.destroy(), narrow.destroy()]);
  });

  it('that fails for a reason nobody foresaw is tried again and quotes nothing', async () => {
    const failure = await failing(async () => {
      throw new Error('Zachary said no');
    });
    expect(failure).toMatchObject({ type: 'Error', nonRetryable: false });
    expect(`${failure.message} ${failure.stack}`).not.toMatch(/Zachary/);
  });
});

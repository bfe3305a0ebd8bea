import { type Kysely, sql, type Transaction } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDatabase } from '../../db/database.ts';
import { keepingPlan, runKeepingPlan } from '../../db/kept-plans.ts';
import type { Database } from '../../db/schema.ts';
import { commitWith, withScope, withSystemRole } from '../../db/scope.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { plantTenant, type Tenant } from './plant-tenant.ts';

let database: TestDatabase;
let tenant: Tenant;
let neighbour: Tenant;
beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await plantTenant(database.ownerDb, 'tenant');
  neighbour = await plantTenant(database.ownerDb, 'neighbour');
});
afterAll(() => database.drop());

/** One connection, so that all meet what those before have left on it. */
let db: Kysely<Database>;
beforeEach(() => {
  db = createDatabase({ url: database.url, poolSize: 1 });
});
afterEach(() => db.destroy());

const divide = (by: number) => sql<{ result: number }>`select 12 / ${by}::int as result`;
const asIntake = <T>(work: (tx: Transaction<Database>) => Promise<T>) => withSystemRole(db, 'intake', work);
const divideKept = (by: number) => asIntake(async (tx) => (await runKeepingPlan(tx, divide(by))).rows[0]?.result);

/** What the connection has Postgres keep, and how often each was run. */
const listKept = async () =>
  (
    await sql<{ statement: string; times: number }>`
      select statement, (generic_plans + custom_plans)::int as times from pg_prepared_statements`.execute(db)
  ).rows;

describe('a statement whose plan is kept', () => {
  it('is parsed once by a connection, first or last or between in its transaction', async () => {
    expect(await divideKept(1)).toBe(12);
    await asIntake(async (tx) => {
      await sql`select 1`.execute(tx);
      expect((await runKeepingPlan(tx, divide(2))).rows).toEqual([{ result: 6 }]);
      expect((await commitWith(tx, keepingPlan(divide(3)))).rows).toEqual([{ result: 4 }]);
    });
    expect(await listKept()).toEqual([{ statement: divide(1).compile(database.db).sql, times: 3 }]);
  });

  it('may fail, at the first time as later, and is asked again', async () => {
    const fails = { code: '22012' };
    await expect(divideKept(0)).rejects.toMatchObject(fails);
    expect(await divideKept(3)).toBe(4);
    await expect(divideKept(0)).rejects.toMatchObject(fails);
    const last = asIntake((tx) => commitWith(tx, keepingPlan(divide(0))));
    await expect(last).rejects.toMatchObject(fails);
    expect(await divideKept(4)).toBe(3);
    expect(await listKept()).toHaveLength(1);
  });

  it('is parsed again by a connection that has forgotten it, once it has failed with the first of them', async () => {
    const addKept = () => asIntake(async (tx) => (await runKeepingPlan(tx, sql<object>`select 1 + 1 as sum`)).rows);
    expect([await divideKept(3), await addKept()]).toEqual([4, [{ sum: 2 }]]);
    await sql`deallocate all`.execute(db);
    await expect(divideKept(3)).rejects.toMatchObject({ code: '26000' });
    expect([await divideKept(3), await addKept()]).toEqual([4, [{ sum: 2 }]]);
  });

  it('is asked as any other where plans are not kept, so that none is made for one tenant and used for another', async () => {
    const nameOf = (scope: Tenant) =>
      withScope(db, { agencyId: scope.agencyId }, async (tx) => {
        const found = await runKeepingPlan(tx, sql<{ id: string }>`select id from agencies`);
        return found.rows.map(({ id }) => id);
      });
    expect(await nameOf(tenant)).toEqual([tenant.agencyId]);
    expect(await nameOf(neighbour)).toEqual([neighbour.agencyId]);
    expect(await listKept()).toEqual([]);
  });
});

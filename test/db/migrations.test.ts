import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrateDown, migrateToLatest } from '../../db/migrate.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const describeSchema = async (): Promise<unknown[]> => {
  const columns = await sql`
    select table_name, column_name, data_type, is_nullable, column_default from information_schema.columns
    where table_schema = 'public' order by 1, 2`.execute(database.ownerDb);
  const policies =
    await sql`select tablename, policyname, roles::text, cmd, qual, with_check from pg_policies order by 1, 2`.execute(
      database.ownerDb,
    );
  const grants = await sql`
    select grantee, table_name, privilege_type from information_schema.role_table_grants
    where table_schema = 'public' and grantee like 'switchyard%' order by 1, 2, 3`.execute(database.ownerDb);
  return [columns.rows, policies.rows, grants.rows];
};

describe('migrations', () => {
  it('go up, down to nothing, and up again to the same schema', async () => {
    const before = await describeSchema();
    const down: string[] = [];
    for (let name = await migrateDown(database.ownerDb); name; name = await migrateDown(database.ownerDb))
      down.push(name);
    const left = await sql<{ table_name: string }>`
      select table_name from information_schema.tables where table_schema = 'public' and table_name not like 'kysely%'`.execute(
      database.ownerDb,
    );
    expect(left.rows).toEqual([]);
    const up = await migrateToLatest(database.ownerDb);
    expect(up).toEqual(down.reverse());
    expect(await describeSchema()).toEqual(before);
  });
});

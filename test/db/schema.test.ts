import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { compareSchemas, readLiveSchema } from './schema-live.ts';
import { readSchemaTypes, type SchemaShape } from './schema-types.ts';

let typed: SchemaShape;
let database: TestDatabase;
beforeAll(async () => {
  typed = readSchemaTypes();
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('db/schema.ts', () => {
  it('says what the live database says, column by column', async () => {
    expect(Object.keys(typed).length).toBeGreaterThan(20);
    expect(compareSchemas(typed, await readLiveSchema(database.ownerDb))).toEqual([]);
  });

  it.each([
    ['alter table reps add column extra text', 'reps.extra is not in the types'],
    ['alter table reps drop column email', 'reps.email is not in the database'],
    ['alter table leads alter column score type text', 'leads.score is number in the types and string in the database'],
    ['alter table reps alter column name drop not null', 'reps.name may be null in the database'],
    ['alter table persons alter column phone set not null', 'persons.phone may not be null in the database'],
    [
      'alter table reps alter column weight drop default',
      'reps.weight may be left out by the types, but the database wants it',
    ],
    [
      "alter table reps drop constraint reps_status_check, add check (status in ('active', 'away'))",
      'reps.status is one of active, removed, suspended in the types, of active, away in the database',
    ],
    ['create table new_table (id uuid)', 'new_table is not in the types'],
    ['drop table ghl_breakers', 'ghl_breakers is not in the database'],
  ])('is found to differ after %s', async (statement, difference) => {
    await database.ownerDb
      .transaction()
      .execute(async (tx) => {
        await sql.raw(statement).execute(tx);
        expect(compareSchemas(typed, await readLiveSchema(tx))).toEqual([difference]);
        throw new Error('undo');
      })
      .catch((error: Error) => {
        if (error.message !== 'undo') throw error;
      });
  });
});

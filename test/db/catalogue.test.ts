import { sql, type Transaction } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../db/schema.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { TEST_LOGIN } from '../stack/template.ts';
import { findCatalogueProblems } from './catalogue.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const find = (): Promise<string[]> => findCatalogueProblems(database.ownerDb, TEST_LOGIN.name);

describe('the catalogue', () => {
  it('has no table, policy, grant, role or function that lets anybody reach more than they may', async () => {
    expect(await find()).toEqual([]);
  });
});

describe('the walk through the catalogue', () => {
  /** What is spoiled is whole again afterwards; roles, which belong to the cluster, are seen by nobody else meanwhile. */
  const spoiling = async (work: (tx: Transaction<Database>) => Promise<void>): Promise<void> => {
    const tx = await database.ownerDb.startTransaction().execute();
    try {
      await work(tx);
    } finally {
      await tx.rollback().execute();
    }
  };
  const secured = 'alter table bad enable row level security; alter table bad force row level security;';

  it.each([
    ['create table bad (agency_id uuid)', 'bad: row-level security is off'],
    [
      'create table bad (agency_id uuid); alter table bad enable row level security',
      'bad: row-level security is not forced on its owner',
    ],
    [`create table bad (agency_id uuid); ${secured}`, 'bad: has no policy'],
    [`create table bad (id uuid); ${secured}`, 'bad: has no agency_id'],
    ['create table bad (agency_id uuid) partition by range (agency_id)', 'bad: row-level security is off'],
    [
      `create table bad (agency_id uuid); ${secured} create policy p on bad to switchyard_app using (true)`,
      'bad: policy p does not ask for scope_agency_id()',
    ],
    [
      `create table bad (agency_id uuid); ${secured} create policy p on bad to switchyard_app using (agency_id = scope_agency_id()) with check (true)`,
      'bad: policy p does not ask for scope_agency_id()',
    ],
    [
      `create table bad (agency_id uuid); ${secured} create policy p on bad using (agency_id = scope_agency_id())`,
      'bad: policy p is for everybody',
    ],
    [
      `create table bad (agency_id uuid); ${secured} create policy p on bad to switchyard_relay using (true)`,
      'bad: no tenant scope reaches it',
    ],
    ['alter table leads disable row level security', 'leads: row-level security is off'],
    [
      'grant select on audit_log_2026_11 to switchyard_app',
      'audit_log_2026_11: a partition, but switchyard_app may SELECT it past the policies of its parent',
    ],
    [
      'grant select (actor) on audit_log_2026_11 to switchyard_app',
      'audit_log_2026_11: a partition, but switchyard_app may SELECT it past the policies of its parent',
    ],
    ['grant select on persons to public', 'persons: everybody may SELECT it'],
    ['alter table leads add column other uuid references persons', 'leads: may refer to persons of another agency'],
    ['grant truncate on leads to switchyard_app', 'leads: switchyard_app may empty it for all tenants'],
    ['grant select on monthly_tables to switchyard_upkeep', 'monthly_tables: switchyard_upkeep may SELECT it'],
    [`alter table leads owner to ${TEST_LOGIN.name}`, `${TEST_LOGIN.name}: owns tables or functions`],
    [
      "create function bad() returns int language sql security definer as 'select 1'; alter function bad() owner to switchyard_owner",
      'bad(): acts as switchyard_owner without a search_path of its own',
    ],
    [
      "create function bad() returns int language sql security definer set search_path = public as 'select 1'; alter function bad() owner to switchyard_owner",
      'bad(): everybody may act as switchyard_owner by it',
    ],
  ])('reports %s', async (statement, problem) => {
    await spoiling(async (tx) => {
      const leaf = await sql<{
        name: string;
      }>`select relname as name from pg_class where relispartition and relname like 'audit_log_20%' and relkind = 'r' order by 1 limit 1`.execute(
        tx,
      );
      const own = (text: string): string => text.replace('audit_log_2026_11', leaf.rows[0]!.name);
      await sql.raw(own(statement)).execute(tx);
      expect(await findCatalogueProblems(tx, TEST_LOGIN.name)).toContain(own(problem));
    });
  });

  it('reports a login that passes row-level security or can become the owner', async () => {
    await spoiling(async (tx) => {
      await sql`create role too_strong login bypassrls inherit`.execute(tx);
      await sql`grant switchyard_owner to too_strong`.execute(tx);
      expect(await findCatalogueProblems(tx, 'too_strong')).toEqual([
        'too_strong: can become the owner',
        'too_strong: has the rights of its roles without taking them',
        'too_strong: is a superuser, or may pass row-level security or make roles',
      ]);
    });
  });
});

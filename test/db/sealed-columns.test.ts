import { type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../db/schema.ts';
import { withSystemRole } from '../../db/scope.ts';
import { SEALED_TABLES } from '../../db/sealed-columns.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';

/** Columns of bytes that nobody seals, each with the reason. */
const NOT_SEALED: Record<string, string> = {
  'api_keys.hash': 'a hash',
  'operator_credentials.hash': 'a hash',
  'audit_log.hash': 'a hash',
  'audit_log.previous_hash': 'a hash',
  'audit_heads.hash': 'a hash',
  'connect_links.hash': 'a hash',
  'connect_links.state_hash': 'a hash',
  'contact_keys.body_hash': 'a hash',
};

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const findColumnsOfBytes = async (db: Kysely<Database>): Promise<string[]> => {
  const found = await sql<{ name: string }>`
    select c.relname || '.' || a.attname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and a.atttypid = 'bytea'::regtype and a.attnum > 0 and not a.attisdropped`.execute(db);
  return found.rows.map(({ name }) => name).sort();
};
const registered = SEALED_TABLES.flatMap(({ name, columns }) => Object.keys(columns).map((each) => `${name}.${each}`));

describe('the sealed columns', () => {
  it('are all in the register, or are said not to be sealed', async () => {
    expect(await findColumnsOfBytes(database.ownerDb)).toEqual([...registered, ...Object.keys(NOT_SEALED)].sort());
  });

  it('have the key of their table in the register', async () => {
    for (const { name, key } of SEALED_TABLES) {
      const found = await sql<{ name: string; type: string }>`
        select a.attname as name, a.atttypid::regtype::text as type from pg_index i
        cross join lateral unnest(i.indkey) with ordinality as k (number, position)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
        where i.indrelid = ${name}::regclass and i.indisprimary order by k.position`.execute(database.ownerDb);
      const names = { 'timestamp with time zone': 'timestamptz', uuid: 'uuid' } as Record<string, string>;
      expect(found.rows.map((each) => [each.name, names[each.type]])).toEqual(Object.entries(key));
    }
  });
});

describe('the rotate role', () => {
  it('reads of the sealed tables the key, whose a row is, and what is sealed; writes what is sealed; no more', async () => {
    const grants = await sql<{ name: string; privilege: string }>`
      select c.relname || coalesce('.' || t.attname, '') as name, a.privilege_type as privilege
      from pg_class c
      left join pg_attribute t on t.attrelid = c.oid and t.attacl is not null
      cross join lateral aclexplode(t.attacl) a
      where a.grantee = 'switchyard_rotate'::regrole
      union all
      select c.relname, a.privilege_type from pg_class c cross join lateral aclexplode(c.relacl) a
      where a.grantee = 'switchyard_rotate'::regrole`.execute(database.ownerDb);
    const wanted = SEALED_TABLES.flatMap(({ name, key, tenant, columns }) => {
      const read = [...Object.keys(key), ...tenant, ...Object.keys(columns)];
      return [
        ...read.map((column) => `SELECT ${name}.${column}`),
        ...Object.keys(columns).map((column) => `UPDATE ${name}.${column}`),
      ];
    });
    expect(grants.rows.map(({ name, privilege }) => `${privilege} ${name}`).sort()).toEqual(wanted.sort());
  });

  it.each([
    sql`select id from leads`,
    sql`select status from installs`,
    sql`select event_id from events`,
    sql`update installs set token_version = 9`,
    sql`update events set agency_id = null`,
    sql`delete from refused_deliveries`,
    sql`insert into refused_deliveries (id, reason) values (gen_random_uuid(), 'x')`,
    sql`select version from encryption_key_versions`,
  ])('is refused what it does not need', async (statement) => {
    const tried = withSystemRole(database.db, 'rotate', (tx) => statement.execute(tx));
    await expect(tried).rejects.toMatchObject({ code: '42501' });
  });
});

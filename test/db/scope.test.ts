import { type Transaction, sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../db/schema.ts';
import { withScope, withSystemRole } from '../../db/scope.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { plantTenant, type Tenant } from './plant-tenant.ts';

type Tx = Transaction<Database>;

/** Each table of a tenant, and the column that names the agency. */
const TABLES = {
  agencies: 'id',
  locations: 'agency_id',
  reps: 'agency_id',
  api_keys: 'agency_id',
  installs: 'agency_id',
  connect_links: 'agency_id',
  credential_rotations: 'agency_id',
  contacts: 'agency_id',
  contact_edits: 'agency_id',
  contact_keys: 'agency_id',
  conflict_policies: 'agency_id',
  contact_merges: 'agency_id',
  field_mappings: 'agency_id',
  messages: 'agency_id',
  mirror_records: 'agency_id',
  poll_passes: 'agency_id',
  sweep_pages: 'agency_id',
  webhook_gaps: 'agency_id',
  drift_reports: 'agency_id',
  poll_settings: 'agency_id',
  lead_triggers: 'agency_id',
  lead_trigger_states: 'agency_id',
  events: 'agency_id',
  event_keys: 'agency_id',
  event_capabilities: 'agency_id',
  persons: 'agency_id',
  leads: 'agency_id',
  lead_keys: 'agency_id',
  decisions: 'agency_id',
  assignments: 'agency_id',
  lead_timeline: 'agency_id',
  dead_letters: 'agency_id',
  audit_log: 'agency_id',
  audit_heads: 'agency_id',
  ghl_budgets: 'agency_id',
  backfill_runs: 'agency_id',
  backfill_parts: 'agency_id',
  notice_subscriptions: 'agency_id',
  heard_topics: 'agency_id',
  notices: 'agency_id',
  notice_deliveries: 'agency_id',
  webhook_endpoints: 'agency_id',
};
const TABLE_NAMES = Object.keys(TABLES) as (keyof typeof TABLES)[];

let database: TestDatabase;
let ours: Tenant;
let theirs: Tenant;
beforeAll(async () => {
  database = await createTestDatabase();
  ours = await plantTenant(database.ownerDb, 'ours');
  theirs = await plantTenant(database.ownerDb, 'theirs');
});
afterAll(() => database.drop());

/** What the database answers: a number of rows, or the code of its refusal. */
async function attempt(
  statement: ReturnType<typeof sql>,
  inside: (work: (tx: Tx) => Promise<number>) => Promise<number>,
) {
  try {
    return await inside(async (tx) => {
      const result = await statement.execute(tx);
      return Number(result.numAffectedRows ?? result.rows.length);
    });
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code);
    throw error;
  }
}
const asOurs = (work: (tx: Tx) => Promise<number>) => withScope(database.db, { agencyId: ours.agencyId }, work);
const REFUSED = '42501';

const rowsOf = (table: keyof typeof TABLES, agencyId: string) =>
  sql`select 1 from ${sql.table(table)} where ${sql.ref(TABLES[table])} = ${agencyId}`;
const columnsOf = async (table: string): Promise<string[]> => {
  const found = await sql<{ name: string }>`
    select attname as name from pg_attribute
    where attrelid = ${table}::regclass and attnum > 0 and not attisdropped and attidentity = '' and attgenerated = ''`.execute(
    database.ownerDb,
  );
  return found.rows.map(({ name }) => name);
};

describe('the tables of a tenant', () => {
  it('are all in this test', async () => {
    const found = await sql<{ name: string }>`
      select c.relname as name from pg_class c
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        and (c.relname = 'agencies' or exists (
          select from pg_attribute a where a.attrelid = c.oid and a.attname = 'agency_id' and not a.attisdropped))`.execute(
      database.ownerDb,
    );
    expect(found.rows.map(({ name }) => name).sort()).toEqual([...TABLE_NAMES].sort());
  });

  it.each(TABLE_NAMES)('%s: the login reads nothing without a scope', async (table) => {
    const bare = (work: (tx: Tx) => Promise<number>) => database.db.transaction().execute(work);
    expect(await attempt(rowsOf(table, ours.agencyId), bare)).toBe(REFUSED);
    const noTenant = (work: (tx: Tx) => Promise<number>) => withSystemRole(database.db, 'app', work);
    expect([0, REFUSED]).toContain(await attempt(rowsOf(table, ours.agencyId), noTenant));
  });

  it.each(TABLE_NAMES)('%s: a scope sees its own rows and none of another agency', async (table) => {
    const own = await attempt(rowsOf(table, ours.agencyId), asOurs);
    if (table === 'event_keys') expect(own).toBe(REFUSED);
    else expect(own).toBeGreaterThan(0);
    expect([0, REFUSED]).toContain(await attempt(rowsOf(table, theirs.agencyId), asOurs));
    const all = await attempt(sql`select 1 from ${sql.table(table)}`, asOurs);
    expect(all).toBe(own);
  });

  it.each(TABLE_NAMES)('%s: a scope neither changes nor deletes rows of another agency', async (table) => {
    const where = sql`where ${sql.ref(TABLES[table])} = ${theirs.agencyId}`;
    for (const column of await columnsOf(table)) {
      const update = sql`update ${sql.table(table)} set ${sql.ref(column)} = ${sql.ref(column)} ${where}`;
      expect([0, REFUSED]).toContain(await attempt(update, asOurs));
    }
    expect([0, REFUSED]).toContain(await attempt(sql`delete from ${sql.table(table)} ${where}`, asOurs));
  });

  it.each(TABLE_NAMES)(
    '%s: a scope neither makes a row for another agency nor gives it one of its own',
    async (table) => {
      const key = TABLES[table];
      const columns = (await columnsOf(table)).map((column) => sql.ref(column));
      const row = await sql<{ row: unknown }>`
      select to_jsonb(t) as row from ${sql.table(table)} t where ${sql.ref(key)} = ${theirs.agencyId} limit 1`.execute(
        database.ownerDb,
      );
      const copy = sql`insert into ${sql.table(table)} (${sql.join(columns)})
      select ${sql.join(columns)} from jsonb_populate_record(null::${sql.table(table)}, ${JSON.stringify(row.rows[0]?.row)}::jsonb)`;
      expect(await attempt(copy, asOurs)).toBe(REFUSED);
      const give = sql`update ${sql.table(table)} set ${sql.ref(key)} = ${theirs.agencyId}`;
      expect(await attempt(give, asOurs)).toBe(REFUSED);
    },
  );
});

describe('the scope of one location', () => {
  const see = (table: keyof typeof TABLES, locationId: string) =>
    attempt(sql`select 1 from ${sql.table(table)}`, (work) =>
      withScope(database.db, { agencyId: ours.agencyId, locationId }, work),
    );
  /** How many rows the location with the tenant's rows sees, and a location beside it. */
  const SEEN: Partial<Record<keyof typeof TABLES, [number | string, number | string]>> = {
    agencies: [1, 1],
    locations: [1, 1],
    api_keys: [0, 0],
    connect_links: [0, 0],
    webhook_endpoints: [0, 0],
    lead_trigger_states: [0, 0],
    contacts: [2, 0],
    lead_keys: [0, 0],
    audit_log: [0, 0],
    audit_heads: [1, 1],
    ghl_budgets: [1, 1],
    event_keys: [REFUSED, REFUSED],
    heard_topics: [1, 1],
  };

  it.each(TABLE_NAMES)('%s: is narrower than the agency’s', async (table) => {
    const [near, far] = SEEN[table] ?? [1, 0];
    expect(await see(table, ours.nearId)).toBe(near);
    expect(await see(table, ours.farId)).toBe(far);
    expect(await see(table, theirs.nearId)).toBe(
      ['agencies', 'audit_heads', 'ghl_budgets', 'event_keys', 'heard_topics'].includes(table) ? near : 0,
    );
  });

  it('shows the intake account the leads it took in', async () => {
    expect(await see('leads', ours.masterId)).toBe(1);
    expect(await see('persons', ours.masterId)).toBe(1);
    expect(await see('assignments', ours.masterId)).toBe(0);
  });
});

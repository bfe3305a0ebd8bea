import { type Kysely, sql, type Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lookAtContacts } from '../../db/contact-look.ts';
import { createDatabase } from '../../db/database.ts';
import { type AgencyContact, createLeads, listLeadsOfGhlContacts, type NewLead } from '../../db/lead-intake.ts';
import type { Database } from '../../db/schema.ts';
import { withSystemRole } from '../../db/scope.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { plantTenant } from './plant-tenant.ts';

let database: TestDatabase;
/** One connection, so that plans which it keeps are met again. */
let db: Kysely<Database>;
beforeAll(async () => {
  database = await createTestDatabase();
  db = createDatabase({ url: database.url, poolSize: 1 });
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

type Tenant = Awaited<ReturnType<typeof plantTenant>>;

const leadOf = (
  { agencyId, nearId }: Tenant,
  contactId: string,
  key = `contact:${contactId}`,
): NewLead & { key: string } => ({
  key,
  id: uuidv7(),
  agencyId,
  intakeLocationId: nearId,
  source: 'ghl',
  triggerName: null,
  eventRowId: uuidv7(),
  eventReceivedAt: new Date(),
  sourceContactId: contactId,
});
const asIntake = <T>(work: (tx: Transaction<Database>) => Promise<T>) => withSystemRole(db, 'intake', work);

it('makes of several leads with one key the first, and of a key that made one before none', async () => {
  const tenant = await plantTenant(database.ownerDb, 'keys');
  const [first, second, other] = [leadOf(tenant, 'c', 'k'), leadOf(tenant, 'c', 'k'), leadOf(tenant, 'd')];
  expect(await asIntake((tx) => createLeads(tx, [first, second, other]))).toEqual(new Set([first.id, other.id]));
  expect(await asIntake((tx) => createLeads(tx, [leadOf(tenant, 'c', 'k')]))).toEqual(new Set());
  const rows = database.ownerDb.selectFrom('leads').select('id').where('agency_id', '=', tenant.agencyId);
  expect((await rows.execute()).map(({ id }) => id).sort()).toEqual([first.id, other.id, tenant.leadId].sort());
});

const lookAtChanged = async (tx: Transaction<Database>, changed: readonly AgencyContact[]) =>
  (await lookAtContacts(tx, { changed, created: changed, locationIds: [] })).concerned;

it.each([
  ['by themselves', listLeadsOfGhlContacts],
  ['with what else is asked of the contacts', lookAtChanged],
])('looks few leads up, %s, although Postgres has not counted how many the agency has', async (_how, look) => {
  const tenant = await plantTenant(database.ownerDb, `uncounted-${look.name}`);
  const neighbour = await plantTenant(database.ownerDb, `beside-${look.name}`);
  const contacts = [...Array.from({ length: 20 }, (_, turn) => `nobody-${turn}`), 'customer-7'];
  const asked = contacts.map((ghlContactId) => ({ agencyId: tenant.agencyId, ghlContactId }));
  // Plans are kept: this one is made before there is anything.
  const nothing = contacts.map(() => []);
  for (let times = 0; times < 10; times += 1) expect(await asIntake((tx) => look(tx, asked))).toEqual(nothing);
  const leads = Array.from({ length: 1_000 }, (_, turn) => leadOf(tenant, `customer-${turn}`));
  for (let from = 0; from < leads.length; from += 100)
    await asIntake((tx) => createLeads(tx, leads.slice(from, from + 100)));
  await asIntake((tx) => createLeads(tx, [leadOf(neighbour, 'customer-7')]));

  const lookedAt = async (tx: Transaction<Database>): Promise<number> => {
    const looked = await sql<{ rows: number }>`
      select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::int as rows from pg_stat_xact_user_tables
      where relname = 'leads'`.execute(tx);
    return looked.rows[0]!.rows;
  };
  const { found, looked } = await asIntake(async (tx) => {
    const before = await lookedAt(tx);
    const found = await look(tx, asked);
    return { found, looked: (await lookedAt(tx)) - before };
  });
  expect(found.map((each) => each.map(({ leadId }) => leadId))).toEqual([
    ...Array.from({ length: 20 }, () => []),
    [leads[7]!.id],
  ]);
  expect(looked).toBeGreaterThan(0);
  expect(looked).toBeLessThan(50);
});

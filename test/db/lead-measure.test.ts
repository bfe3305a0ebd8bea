import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { measureUnplacedLeads } from '../../db/lead-measure.ts';
import type { LeadState } from '../../db/schema/leads.ts';
import { withSystemRole } from '../../db/scope.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { plantTenant, type Tenant } from './plant-tenant.ts';

let database: TestDatabase;
let one: Tenant;
let two: Tenant;
beforeAll(async () => {
  database = await createTestDatabase();
  one = await plantTenant(database.ownerDb, 'one');
  two = await plantTenant(database.ownerDb, 'two');
});
afterAll(() => database.drop());

const HOUR_MS = 3_600_000;
const setLead = ({ leadId }: Tenant, state: LeadState, hours: number) =>
  database.ownerDb
    .updateTable('leads')
    .set({
      state,
      received_at: new Date(Date.now() - hours * HOUR_MS),
      closed_at: state === 'closed' ? new Date() : null,
    })
    .where('id', '=', leadId)
    .execute();
beforeEach(async () => {
  const { ownerDb } = database;
  await ownerDb.deleteFrom('dead_letters').execute();
  await ownerDb.deleteFrom('ghl_breakers').execute();
  await ownerDb.updateTable('installs').set({ status: 'active' }).execute();
  await ownerDb.deleteFrom('assignments').execute();
  await setLead(one, 'received', 2);
  await setLead(two, 'routing', 1);
});

/** How many, and how old the oldest is in whole hours. */
async function measured(): Promise<[number, number]> {
  const { leads, oldestMs } = await withSystemRole(database.db, 'upkeep', (tx) => measureUnplacedLeads(tx));
  return [leads, Math.floor(oldestMs / HOUR_MS)];
}

it('counts leads of all agencies that have no place yet, and tells the age of the oldest', async () => {
  expect(await measured()).toEqual([2, 2]);
  for (const state of ['assigned', 'accepted', 'queued', 'closed'] as const) {
    await setLead(one, state, 2);
    expect(await measured()).toEqual([1, 1]);
  }
  await setLead(two, 'assigned', 1);
  expect(await measured()).toEqual([0, 0]);
});

it('leaves out those of which an open letter tells, by the lead or by its workflow', async () => {
  const letter = (tenant: Tenant, kind: string, subjectId: string) =>
    database.ownerDb
      .insertInto('dead_letters')
      .values({
        id: uuidv7(),
        agency_id: tenant.agencyId,
        capability: 'lead-intake',
        cause: 'x',
        advice: 'x',
        subject_kind: kind,
        subject_id: subjectId,
      })
      .execute();
  await letter(one, 'lead', one.leadId);
  expect(await measured()).toEqual([1, 1]);
  // A neighbour's letter says nothing of it.
  await letter(one, 'lead', two.leadId);
  expect(await measured()).toEqual([1, 1]);
  await letter(two, 'workflow', `lead-intake/${two.agencyId}/${two.leadId}`);
  expect(await measured()).toEqual([0, 0]);
  await database.ownerDb.updateTable('dead_letters').set({ resolved_at: new Date(), resolution: 'x' }).execute();
  expect(await measured()).toEqual([2, 2]);
});

it('leaves out all while GHL’s contacts are left alone, and no longer', async () => {
  const openUntil = (group: string, minutes: number) =>
    database.ownerDb
      .insertInto('ghl_breakers')
      .values({ endpoint_group: group, open_until: new Date(Date.now() + minutes * 60_000) })
      .onConflict((conflict) =>
        conflict.column('endpoint_group').doUpdateSet({ open_until: new Date(Date.now() + minutes * 60_000) }),
      )
      .execute();
  await openUntil('exports', 1);
  expect(await measured()).toEqual([2, 2]);
  await openUntil('contacts', -4);
  expect(await measured()).toEqual([0, 0]);
  await openUntil('contacts', -6);
  expect(await measured()).toEqual([2, 2]);
});

it('leaves out one whose location waits for a person to connect it again', async () => {
  await database.ownerDb
    .insertInto('assignments')
    .values({
      id: uuidv7(),
      agency_id: two.agencyId,
      lead_id: two.leadId,
      location_id: two.nearId,
      decision_id: uuidv7(),
      state: 'reserved',
    })
    .execute();
  expect(await measured()).toEqual([2, 2]);
  await database.ownerDb
    .updateTable('installs')
    .set({ status: 'needs_reauth' })
    .where('location_id', '=', two.nearId)
    .execute();
  expect(await measured()).toEqual([1, 2]);
});

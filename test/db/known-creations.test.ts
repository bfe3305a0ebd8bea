import { afterAll, beforeAll, expect, it } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { contactChangeWork } from '../../db/contact-work.ts';
import { addWork, claimDueWork } from '../../db/event-capabilities.ts';
import { settleKnownCreations } from '../../db/known-creations.ts';
import { markDeleted, writeObservations } from '../../db/mirror.ts';
import { withScope, withSystemRole } from '../../db/scope.ts';
import type { ContactChange } from '../../domain/contact-change.ts';
import type { Observation } from '../../domain/mirror.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { plantTenant, type Tenant } from './plant-tenant.ts';

const past = new Date(Date.now() - 60_000);
const seen = (ghlId: string, more: Partial<Observation> = {}): Observation => ({
  ...{ ghlId, ghlContactId: ghlId, fields: { city: 'Lynn' }, ghlCreatedAt: past, ghlUpdatedAt: past },
  ...{ observedAt: past, isExact: true, ...more },
});

let database: TestDatabase;
let ours: Tenant;
let theirs: Tenant;
beforeAll(async () => {
  database = await createTestDatabase();
  ours = await plantTenant(database.ownerDb, 'ours');
  theirs = await plantTenant(database.ownerDb, 'theirs');
  const place = ({ agencyId, nearId: locationId }: Tenant, resource: 'contact' | 'note') => ({
    agencyId,
    locationId,
    resource,
  });
  await withScope(database.db, { agencyId: ours.agencyId }, async (tx) => {
    const contacts = place(ours, 'contact');
    await writeObservations(tx, contacts, [seen('made'), seen('gone'), seen('listed', { isExact: false })], 'edit');
    await markDeleted(tx, contacts, ['gone'], new Date());
    await writeObservations(tx, place(ours, 'note'), [seen('note')], 'edit');
  });
  await withScope(database.db, { agencyId: theirs.agencyId }, (tx) =>
    writeObservations(tx, place(theirs, 'contact'), [seen('elsewhere')], 'edit'),
  );
});
afterAll(() => database.drop());

/** Puts changes of our location in the inbox. @returns those that a relay is to hand over, and the states of all */
async function handOver(...changes: ContactChange[]) {
  const { agencyId, nearId: locationId } = ours;
  await database.ownerDb.deleteFrom('event_capabilities').execute();
  const cause = { causeId: uuidv7(), agencyId, locationId };
  const work = changes.map((change) => ({
    ...contactChangeWork({ ...cause, causeId: uuidv7() }, change),
    dueAt: past,
  }));
  await withSystemRole(database.db, 'intake', (tx) => addWork(tx, work));
  const left = await withSystemRole(database.db, 'relay', async (tx) =>
    settleKnownCreations(tx, await claimDueWork(tx, { limit: 20, perLocation: 20, leaseMs: 10_000 })),
  );
  const rows = await database.ownerDb.selectFrom('event_capabilities').select('state').orderBy('sequence').execute();
  return { left: left.map(({ input }) => input['change']), states: rows.map(({ state }) => state) };
}

const creation = (resource: ContactChange['resource'], ghlId: string): ContactChange => ({
  ...{ resource, ghlId, ghlContactId: ghlId, isCreation: true },
});

it('hands no creation over of which the mirror has the record', async () => {
  expect(await handOver(creation('contact', 'made'), creation('note', 'note'))).toEqual({
    left: [],
    states: ['known', 'known'],
  });
});

it.each([
  ['of a record that the mirror has not', creation('note', 'unknown')],
  ['of a record of another kind with the same id', creation('task', 'note')],
  ['of a record that only another agency has', creation('contact', 'elsewhere')],
  ['of a contact that only a list has shown', creation('contact', 'listed')],
  ['of a contact that was found to be gone', creation('contact', 'gone')],
])('hands a creation over %s', async (_, change) => {
  expect(await handOver(change)).toEqual({ left: [change], states: ['pending'] });
});

it('hands every other change over, also one that came after the creation and waits with it', async () => {
  const { isCreation: _, ...change } = creation('contact', 'made');
  expect(await handOver(creation('contact', 'made'), change)).toEqual({ left: [change], states: ['known', 'pending'] });
});

import { type Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lookAtContacts } from '../../db/contact-look.ts';
import { createLead } from '../../db/lead-intake.ts';
import type { Database } from '../../db/schema.ts';
import { withScope, withSystemRole } from '../../db/scope.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { plantTenant, type Tenant } from './plant-tenant.ts';

let database: TestDatabase;
let tenant: Tenant;
let neighbour: Tenant;
beforeAll(async () => {
  database = await createTestDatabase();
  for (const name of ['tenant', 'neighbour']) {
    const planted = await plantTenant(database.ownerDb, name);
    // Both hold a contact of one name, as different locations of GHL may.
    const ofAgency = database.ownerDb.updateTable('assignments').where('agency_id', '=', planted.agencyId);
    await ofAgency.set({ ghl_contact_id: 'placed', ghl_opportunity_id: `${name}-opportunity` }).execute();
    if (name === 'tenant') tenant = planted;
    else neighbour = planted;
  }
});
afterAll(() => database.drop());

const askedBy = async ({ agencyId, masterId }: Tenant, contactId: string): Promise<string> => {
  const id = uuidv7();
  const of = { agencyId, intakeLocationId: masterId, eventRowId: uuidv7(), eventReceivedAt: new Date() };
  const lead = { ...of, id, source: 'ghl', triggerName: null, sourceContactId: contactId } as const;
  await withSystemRole(database.db, 'intake', (tx) => createLead(tx, `contact:${contactId}`, lead));
  return id;
};

it.each([
  ['intake', (work: (tx: Transaction<Database>) => Promise<void>) => withSystemRole(database.db, 'intake', work)],
  ['an agency', (work: (tx: Transaction<Database>) => Promise<void>) => withScope(database.db, tenant, work)],
])('tells %s in one look what it asks of each contact, and nothing of a neighbour', async (_whose, within) => {
  const contactId = uuidv7();
  const [asked] = [await askedBy(tenant, contactId), await askedBy(neighbour, contactId)];
  const of = (ghlContactId: string) => ({ agencyId: tenant.agencyId, ghlContactId });
  await within(async (tx) => {
    const sight = await lookAtContacts(tx, {
      changed: [of('nobody'), of(contactId), of('c'), of('placed')],
      created: [of('placed'), of(contactId), of('nobody')],
      locationIds: [tenant.nearId, tenant.farId],
    });
    const came = { leadId: asked, isAssignedContact: false, ghlOpportunityId: null, ghlUserIds: [] };
    const opportunity = { ghlOpportunityId: 'tenant-opportunity', ghlUserIds: ['tenant-user'] };
    const placed = { leadId: tenant.leadId, isAssignedContact: true, ...opportunity };
    expect(sight.concerned).toEqual([[], [came], [], [placed]]);
    expect(sight.own).toEqual([true, false, false]);
    expect([...sight.triggers.keys()]).toEqual([tenant.nearId]);
    expect(sight.triggers.get(tenant.nearId)).toMatchObject([
      { id: tenant.triggerId, name: 'again', subject: 'again' },
    ]);
    expect(sight.triggers.get(tenant.nearId)![0]!.createdAt).toBeInstanceOf(Date);
  });
});

it('lists the triggers of an account by name', async () => {
  const { agencyId, farId } = tenant;
  const trigger = (name: string) => ({ id: uuidv7(), agency_id: agencyId, location_id: farId, name });
  const values = ['second', 'first'].map((name) => ({ ...trigger(name), kind: 'tag' as const, subject: name }));
  await database.ownerDb.insertInto('lead_triggers').values(values).execute();
  const look = { changed: [], created: [], locationIds: [farId] };
  const { triggers } = await withSystemRole(database.db, 'intake', (tx) => lookAtContacts(tx, look));
  expect(triggers.get(farId)?.map(({ name }) => name)).toEqual(['first', 'second']);
});

it('asks Postgres nothing where there is nothing to look at', async () => {
  const look = { changed: [], created: [], locationIds: [] };
  const closed = { executeQuery: () => Promise.reject(new Error('asked')) } as unknown as Transaction<Database>;
  expect(await lookAtContacts(closed, look)).toEqual({ concerned: [], own: [], triggers: new Map() });
});

import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../stack/activity-bench.ts';
import { somebody } from '../stack/lead-harness.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { takePicture } from './picture.ts';
import { createPollWorld, type PollWorld } from './poll-world.ts';

let all: Neighbours;
let master: PollWorld;
let chelsea: PollWorld;
beforeAll(async () => {
  all = await startNeighbours();
  master = createPollWorld(all.bench, all.agency, 'master');
  chelsea = createPollWorld(all.bench, all.agency, 'chelsea');
  await master.seedContacts(3);
  await master.round('contact', 'delta');
  await chelsea.round('contact', 'delta');
});
afterAll(() => all.bench.stop());

const make = async (world: PollWorld, more: object = {}) =>
  (
    await all.bench.simulator.createContact({
      locationId: world.ghlLocationId,
      postalCode: '02116',
      ...somebody(),
      ...more,
    })
  ).id;
const leadsOf = async (contactId: string) =>
  (await master.leads()).filter((lead) => lead.source_contact_id === contactId);
const workOf = (leadId: string) =>
  all.bench.database.ownerDb
    .selectFrom('event_capabilities')
    .select(['capability', 'input', 'state'])
    .where('ordering_key', '=', `lead:${leadId}`)
    .execute();

describe('a contact that only polling found', () => {
  it('is the lead that its webhook would have made, and can be routed', async () => {
    const contactId = await make(master);
    await master.round('contact', 'delta');
    const [lead, ...others] = await leadsOf(contactId);
    expect(others).toEqual([]);
    expect(lead).toMatchObject({ source: 'poll', state: 'received', trigger_name: null });
    const keys = await all.bench.database.ownerDb
      .selectFrom('lead_keys')
      .select('key')
      .where('lead_id', '=', lead!.id)
      .execute();
    expect(keys).toEqual([{ key: `contact:${contactId}` }]);
    expect(await workOf(lead!.id)).toMatchObject([{ capability: 'lead-intake', state: 'pending' }]);
    const route = { agencyId: all.agency.agencyId, leadId: lead!.id, reroute: false };
    expect(await run(all.bench.leads.routeLead, route)).toMatchObject({ outcome: 'reserved' });
    expect((await all.agency.get(lead!.id)).postcode).toBe('02116');
  });

  it('makes one lead, however many polls see it at once and again', async () => {
    const contactId = await make(master);
    await master.makeDue('contact', 'delta');
    await Promise.all([1, 2, 3].map(() => master.page('contact', 'delta')));
    await master.round('contact', 'delta');
    await master.round('contact', 'sweep');
    expect(await leadsOf(contactId)).toHaveLength(1);
  });

  it('is none when it was made in months whose events are dropped: one may have told of it', async () => {
    const { ownerDb } = all.bench.database;
    const contactId = await make(master);
    const dropped = { table_name: 'events', before: new Date(Date.now() + 60_000) };
    await ownerDb.insertInto('dropped_months').values(dropped).execute();
    await master.round('contact', 'delta');
    await master.round('contact', 'sweep');
    expect(await leadsOf(contactId)).toEqual([]);
    await ownerDb
      .updateTable('dropped_months')
      .set({ before: new Date(Date.now() - 3_600_000) })
      .execute();
    await master.round('contact', 'sweep');
    expect(await leadsOf(contactId)).toHaveLength(1);
    await ownerDb.deleteFrom('dropped_months').execute();
  });

  it('is a lead as well when an update of it was told and read, and its creation never was', async () => {
    const contactId = await make(master);
    await all.agency.event({ type: 'ContactUpdate', id: contactId, locationId: master.ghlLocationId }, 'master');
    await all.bench.database.ownerDb
      .insertInto('contacts')
      .values({
        agency_id: master.agencyId,
        location_id: master.locationId,
        ghl_id: contactId,
        fields: '{}',
        ghl_updated_at: sql<Date>`now() + interval '1 hour'`,
        observed_at: new Date(),
        found_by: 'event',
      })
      .execute();
    await master.round('contact', 'delta');
    expect(await leadsOf(contactId)).toHaveLength(1);
  });

  it('is no lead where it was told of and none was made of it', async () => {
    const contactId = await make(master);
    const event = { type: 'ContactCreate', id: contactId, locationId: master.ghlLocationId };
    await all.agency.event(event, 'master');
    await master.round('contact', 'delta');
    expect(await leadsOf(contactId)).toEqual([]);
  });

  it('is no lead when it is a customer of a location, older than go-live, or our own', async () => {
    const customer = await make(chelsea);
    await chelsea.round('contact', 'delta');
    expect(await chelsea.leads()).toEqual([]);
    const [old] = await master.seedContacts(1);
    await all.bench.simulator.updateContact(old!, { city: 'Boston' });
    const own = await make(master, { source: 'Switchyard' });
    await master.round('contact', 'delta');
    await master.round('contact', 'sweep');
    for (const id of [customer, old!, own]) expect(await leadsOf(id)).toEqual([]);
    expect((await master.contacts()).map((row) => row.ghl_id)).toEqual(expect.arrayContaining([old!, own]));
  });

  it('is kept with its lead or not at all', async () => {
    const contactId = await make(master);
    const { ownerDb } = all.bench.database;
    await sql`create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$`.execute(
      ownerDb,
    );
    await sql`create trigger refuse before insert on event_capabilities for each row execute function refuse()`.execute(
      ownerDb,
    );
    await master.makeDue('contact', 'delta');
    await expect(master.page('contact', 'delta')).rejects.toThrow();
    expect((await master.contacts()).some((row) => row.ghl_id === contactId)).toBe(false);
    expect(await leadsOf(contactId)).toEqual([]);
    await sql`drop trigger refuse on event_capabilities`.execute(ownerDb);
    while (!(await master.page('contact', 'delta')).isDone);
    expect(await leadsOf(contactId)).toHaveLength(1);
  });

  it('is nobody else’s lead', async () => {
    const beside = await takePicture(all.bench, all.neighbour);
    await make(master);
    await master.round('contact', 'delta');
    expect(await takePicture(all.bench, all.neighbour)).toEqual(beside);
  });
});

describe('a change that only polling found', () => {
  beforeEach(async () => {
    await all.bench.database.ownerDb.deleteFrom('lead_triggers').execute();
  });

  it('is seen by the triggers of its account', async () => {
    const { agencyId: agency_id, locationId: location_id } = master;
    const trigger = { id: uuidv7(), agency_id, location_id, name: 'hot', kind: 'tag' as const, subject: 'hot' };
    await all.bench.database.ownerDb.insertInto('lead_triggers').values(trigger).execute();
    const contactId = await make(master);
    await master.round('contact', 'delta');
    await all.bench.simulator.updateContact(contactId, { tags: ['hot'] });
    await master.round('contact', 'delta');
    await master.round('contact', 'delta');
    const leads = await leadsOf(contactId);
    expect(leads.map((lead) => lead.trigger_name).sort()).toEqual(['hot', null]);
  });

  it('tells the lead whose contact or opportunity is gone, or given to somebody else', async () => {
    const { simulator } = all.bench;
    const held = await all.agency.placed(somebody('10011'));
    const contactId = (await all.agency.assignments(held.leadId))[0]!.ghl_contact_id!;
    await chelsea.round('contact', 'delta');
    await simulator.updateContact(contactId, { assignedTo: 'somebody-else' });
    await chelsea.round('contact', 'delta');
    const opportunity = { id: 'won', contactId, pipelineId: 'p', name: 'By hand', status: 'won' as const };
    await simulator.seed({ opportunities: [{ ...opportunity, locationId: chelsea.ghlLocationId }] });
    await chelsea.round('opportunity', 'sweep');
    await simulator.deleteContact(contactId);
    await chelsea.round('contact', 'sweep');
    const told = (await workOf(held.leadId)).map(({ input }) => (input as { change?: { kind: string } }).change?.kind);
    expect(told.filter(Boolean)).toEqual(['assigned-in-ghl', 'opportunity-ended', 'contact-deleted']);
  });
});

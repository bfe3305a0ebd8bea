import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addBackfillRun } from '../../db/backfill-runs.ts';
import { findContactByGhlId } from '../../db/contacts.ts';
import type { ContactChange } from '../../domain/contact-change.ts';
import { run } from '../stack/activity-bench.ts';
import { somebody } from '../stack/lead-harness.ts';
import { type ContactWorld, startContactWorld } from './contact-world.ts';
import { takePicture } from './picture.ts';
import { createPollWorld, type PollWorld } from './poll-world.ts';

let world: ContactWorld;
let polling: PollWorld;
beforeAll(async () => {
  world = await startContactWorld();
  const { agencyId: agency_id, locationId: location_id } = world;
  const { ownerDb } = world.bench.database;
  const live_at = new Date(Date.now() - 3_600_000);
  await ownerDb.updateTable('locations').set({ is_intake: true, live_at }).where('id', '=', location_id).execute();
  const trigger = { id: uuidv7(), agency_id, location_id, name: 'hot', kind: 'tag' as const, subject: 'hot' };
  await ownerDb.insertInto('lead_triggers').values(trigger).execute();
  polling = createPollWorld(world.bench, world.agency, 'chelsea');
  await polling.round('contact', 'delta');
});
afterAll(() => world.bench.stop());

const person = () => {
  const { postcode: _postcode, ...identity } = somebody('10011');
  return identity;
};
/** A contact whose creation was told, and made no lead, and that the mirror knows. */
async function known(): Promise<string> {
  const { id } = await world.inGhl(person());
  const event = { type: 'ContactCreate', id, locationId: world.ghlLocationId };
  await world.agency.event(event, 'chelsea');
  await world.read(id);
  return id;
}
const idOf = async (ghlId: string): Promise<string> =>
  (await world.asAgency((tx) => findContactByGhlId(tx, world.locationId, ghlId)))!.id;
const read = (...changes: ContactChange[]) => {
  const { agencyId, locationId } = world;
  return run(world.bench.contactsGhl.readChanges, { agencyId, locationId, changes });
};
/** As an event of anything else of the contact has it read. */
const readContact = (ghlId: string) => read({ resource: 'contact', ghlId, ghlContactId: ghlId });
const inGhl = (ghlId: string, fields: Parameters<ContactWorld['bench']['simulator']['updateContact']>[1]) =>
  world.bench.simulator.updateContact(ghlId, fields);
/** By which triggers a contact has made leads; null for its creation. */
const leadsOf = async (contactId: string) =>
  (await polling.leads()).filter((lead) => lead.source_contact_id === contactId).map((lead) => lead.trigger_name);
/** A lead that is open with a contact of the location. */
async function open() {
  const { leadId } = await world.agency.placed(somebody('10011'));
  const contactId = (await world.agency.assignments(leadId))[0]!.ghl_contact_id!;
  await world.read(contactId);
  return { leadId, contactId };
}
/** What the workflow of a lead is told. */
async function told(leadId: string): Promise<string[]> {
  const rows = await world.bench.database.ownerDb
    .selectFrom('event_capabilities')
    .select('input')
    .where('ordering_key', '=', `lead:${leadId}`)
    .where('capability', '=', 'lead-follow-up')
    .orderBy('sequence')
    .execute();
  return rows.map(({ input }) => (input as { change: { kind: string } }).change.kind);
}

describe('what the read of an event of something else finds', () => {
  it('is told to the lead whose contact is gone, once, and to nobody beside', async () => {
    const { leadId, contactId } = await open();
    const beside = await takePicture(world.bench, world.neighbour);
    await world.bench.simulator.deleteContact(contactId);
    await readContact(contactId);
    await readContact(contactId);
    await polling.round('contact', 'sweep');
    expect(await told(leadId)).toEqual(['contact-deleted']);
    expect(await takePicture(world.bench, world.neighbour)).toEqual(beside);
  });

  it('is told to the lead whose contact was given away, or whose opportunity is over or gone', async () => {
    const { leadId, contactId } = await open();
    await inGhl(contactId, { assignedTo: 'somebody-else' });
    await readContact(contactId);
    const { ghlLocationId: locationId } = world;
    const opportunity = { id: 'won-by-hand', contactId, locationId, pipelineId: 'p', name: 'By hand' };
    await world.bench.simulator.seed({ opportunities: [{ ...opportunity, status: 'won' }] });
    const change: ContactChange = { resource: 'opportunity', ghlId: opportunity.id, ghlContactId: contactId };
    await read(change);
    await world.bench.simulator.deleteOpportunity(opportunity.id);
    await read(change);
    expect(await told(leadId)).toEqual(['assigned-in-ghl', 'opportunity-ended', 'opportunity-deleted']);
  });

  it('is seen by triggers, whose lead polling and the late event do not make again', async () => {
    const contactId = await known();
    await inGhl(contactId, { tags: ['hot'] });
    await readContact(contactId);
    expect(await leadsOf(contactId)).toEqual(['hot']);
    await readContact(contactId);
    await polling.round('contact', 'delta');
    const event = { ...(await world.shown(contactId))!, type: 'ContactTagUpdate', locationId: world.ghlLocationId };
    const { agencyId } = world;
    await run(world.bench.accountsGhl.rereadEvent, { agencyId, event: await world.agency.event(event, 'chelsea') });
    expect(await leadsOf(contactId)).toEqual(['hot']);
  });

  it('is no step of a trigger where nobody has told of the creation, which is left to polling', async () => {
    const { id } = await world.inGhl({ ...person(), tags: ['hot'] });
    await readContact(id);
    expect(await leadsOf(id)).toEqual([]);
    await polling.round('contact', 'delta');
    await readContact(id);
    expect(await leadsOf(id)).toEqual([null]);
  });
});

describe('what a write of ours finds', () => {
  it('is told to the lead whose contact was given away or is gone', async () => {
    const { leadId, contactId } = await open();
    const { id } = await world.read(contactId);
    await inGhl(contactId, { assignedTo: 'somebody-else' });
    await world.change(id, { city: 'Boston' });
    await world.push(id);
    await world.bench.simulator.deleteContact(contactId);
    await world.change(id, { city: 'Salem' });
    await world.push(id);
    // Each read that finds news asks for a look, until the lead has followed.
    expect([...new Set(await told(leadId))]).toEqual(['assigned-in-ghl', 'contact-deleted']);
  });

  it('is seen by triggers, but what we write ourselves starts nothing', async () => {
    const [theirs, ours] = [await known(), await known()];
    await inGhl(theirs, { tags: ['hot'] });
    for (const [ghlId, field] of [
      [theirs, 'tag:vip'],
      [ours, 'tag:hot'],
    ] as const) {
      const id = await idOf(ghlId);
      await world.change(id, { [field]: true });
      await world.push(id);
    }
    expect([await leadsOf(theirs), await leadsOf(ours)]).toEqual([['hot'], []]);
    expect(await world.shown(ours)).toMatchObject({ tags: ['hot'] });
  });
});

describe('what a backfill finds', () => {
  it('is told to open leads, and makes none', async () => {
    const [given, gone] = [await open(), await open()];
    const tagged = await known();
    await inGhl(given.contactId, { assignedTo: 'somebody-else' });
    await inGhl(tagged, { tags: ['hot'] });
    await world.bench.simulator.deleteContact(gone.contactId);
    const { agencyId, locationId } = world;
    const ref = { agencyId, runId: randomUUID(), locationId, resource: 'contact' as const };
    const order = { id: ref.runId, agencyId, rootId: locationId, locationIds: [locationId] };
    const range = { resources: [ref.resource], from: null, to: null, names: 'exact' as const, workflowId: 'none' };
    await world.asAgency((tx) => addBackfillRun(tx, { ...order, ...range }, { actor: 'test', origin: 'test' }));
    await run(world.bench.backfills.openBackfill, { input: ref, workflowId: 'none', fallbackRunId: ref.runId });
    while ((await run(world.bench.backfillsGhl.walkBackfill, ref)).outcome === 'more');
    expect(await told(given.leadId)).toEqual(['assigned-in-ghl']);
    expect(await told(gone.leadId)).toEqual(['contact-deleted']);
    expect(await leadsOf(tagged)).toEqual([]);
  });
});

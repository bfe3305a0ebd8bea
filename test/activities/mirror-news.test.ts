import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addBackfillRun } from '../../db/backfill-runs.ts';
import type { ContactChange } from '../../domain/contact-change.ts';
import { run } from '../stack/activity-bench.ts';
import { type NewsWorld, person, startNewsWorld } from './news-world.ts';
import { takePicture } from './picture.ts';

let world: NewsWorld;
beforeAll(async () => {
  world = await startNewsWorld();
});
afterAll(() => world.bench.stop());

/** As an event of anything else of the contact has it read. */
const readContact = (ghlId: string) => world.readChanges({ resource: 'contact', ghlId, ghlContactId: ghlId });

describe('what the read of an event of something else finds', () => {
  it('is told to the lead whose contact is gone, once, and to nobody beside', async () => {
    const { leadId, contactId } = await world.open();
    const beside = await takePicture(world.bench, world.neighbour);
    await world.bench.simulator.deleteContact(contactId);
    await readContact(contactId);
    await readContact(contactId);
    await world.polling.round('contact', 'sweep');
    expect(await world.toldTo(leadId)).toEqual(['contact-deleted']);
    expect(await takePicture(world.bench, world.neighbour)).toEqual(beside);
  });

  it('is told to the lead whose contact was given away, or whose opportunity is over or gone', async () => {
    const { leadId, contactId } = await world.open();
    await world.changeInGhl(contactId, { assignedTo: 'somebody-else' });
    await readContact(contactId);
    const { ghlLocationId: locationId } = world;
    const opportunity = { id: 'won-by-hand', contactId, locationId, pipelineId: 'p', name: 'By hand' };
    await world.bench.simulator.seed({ opportunities: [{ ...opportunity, status: 'won' }] });
    const change: ContactChange = { resource: 'opportunity', ghlId: opportunity.id, ghlContactId: contactId };
    await world.readChanges(change);
    await world.bench.simulator.deleteOpportunity(opportunity.id);
    await world.readChanges(change);
    expect(await world.toldTo(leadId)).toEqual(['assigned-in-ghl', 'opportunity-ended', 'opportunity-deleted']);
  });

  it('is seen by triggers, whose lead polling and the late event do not make again', async () => {
    const contactId = await world.told();
    await world.changeInGhl(contactId, { tags: ['hot'] });
    await readContact(contactId);
    expect(await world.leadsOf(contactId)).toEqual(['hot']);
    await readContact(contactId);
    await world.polling.round('contact', 'delta');
    await world.deliver(contactId, 'ContactTagUpdate');
    expect(await world.leadsOf(contactId)).toEqual(['hot']);
  });

  it('is no step of a trigger where nobody has told of the creation, which is left to polling', async () => {
    const { id } = await world.inGhl({ ...person(), tags: ['hot'] });
    await readContact(id);
    expect(await world.leadsOf(id)).toEqual([]);
    await world.polling.round('contact', 'delta');
    await readContact(id);
    expect(await world.leadsOf(id)).toEqual([null]);
  });
});

describe('what a write of ours finds', () => {
  it('is told to the lead whose contact was given away or is gone', async () => {
    const { leadId, contactId } = await world.open();
    const { id } = await world.read(contactId);
    await world.changeInGhl(contactId, { assignedTo: 'somebody-else' });
    await world.change(id, { city: 'Boston' });
    await world.push(id);
    await world.bench.simulator.deleteContact(contactId);
    await world.change(id, { city: 'Salem' });
    await world.push(id);
    // Each read that finds news asks for a look, until the lead has followed.
    expect([...new Set(await world.toldTo(leadId))]).toEqual(['assigned-in-ghl', 'contact-deleted']);
  });

  it('is seen by triggers', async () => {
    const theirs = await world.told();
    await world.changeInGhl(theirs, { tags: ['hot'] });
    const id = await world.idOf(theirs);
    await world.change(id, { 'tag:vip': true });
    await world.push(id);
    expect(await world.leadsOf(theirs)).toEqual(['hot']);
  });
});

describe('what a backfill finds', () => {
  it('is told to open leads, and makes none', async () => {
    const [given, gone] = [await world.open(), await world.open()];
    const tagged = await world.told();
    await world.changeInGhl(given.contactId, { assignedTo: 'somebody-else' });
    await world.changeInGhl(tagged, { tags: ['hot'] });
    await world.bench.simulator.deleteContact(gone.contactId);
    const { agencyId, locationId } = world;
    const ref = { agencyId, runId: randomUUID(), locationId, resource: 'contact' as const };
    const order = { id: ref.runId, agencyId, rootId: locationId, locationIds: [locationId] };
    const range = { resources: [ref.resource], from: null, to: null, names: 'exact' as const, workflowId: 'none' };
    await world.asAgency((tx) => addBackfillRun(tx, { ...order, ...range }, { actor: 'test', origin: 'test' }));
    await run(world.bench.backfills.openBackfill, { input: ref, workflowId: 'none', fallbackRunId: ref.runId });
    while ((await run(world.bench.backfillsGhl.walkBackfill, ref)).outcome === 'more');
    expect(await world.toldTo(given.leadId)).toEqual(['assigned-in-ghl']);
    expect(await world.toldTo(gone.leadId)).toEqual(['contact-deleted']);
    expect(await world.leadsOf(tagged)).toEqual([]);
  });
});

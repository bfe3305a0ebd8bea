import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { requestMerge } from '../../db/contact-merges.ts';
import { run } from '../stack/activity-bench.ts';
import { somebody } from '../stack/lead-harness.ts';
import { waitFor } from '../stack/wait.ts';
import { failureOf } from './failure.ts';
import { type NewsWorld, person, startNewsWorld } from './news-world.ts';

let world: NewsWorld;
beforeAll(async () => {
  world = await startNewsWorld();
  await world.addTrigger('budget', 'field', 'f-budget');
});
afterAll(() => world.bench.stop());
beforeEach(() => world.bench.simulator.clearFaults());

/** Sets a tag through our own API and writes it. */
async function tag(ghlId: string, isThere: boolean, attempt?: number): Promise<void> {
  const id = await world.idOf(ghlId);
  await world.change(id, { 'tag:hot': isThere });
  await world.push(id, attempt);
}

describe('a tag that a person sets through our own API', () => {
  it('starts one lead, whether our read, the event or polling tells of it first, and how often they do', async () => {
    const [byRead, byEvent] = [await world.told(), await world.told()];
    await tag(byRead, true);
    expect(await world.leadsOf(byRead)).toEqual(['hot']);

    // The answer is lost, and GHL's own event comes before the next attempt.
    await world.bench.simulator.addFault({ cutAfterCommit: true, times: 1, method: 'POST', path: '/tags$' });
    expect(await failureOf(tag(byEvent, true))).toMatchObject({ type: 'GhlUnavailable' });
    await world.deliver(byEvent, 'ContactTagUpdate');
    expect(await world.leadsOf(byEvent)).toEqual(['hot']);
    await world.push(await world.idOf(byEvent), 2);

    for (const ghlId of [byRead, byEvent]) await world.deliver(ghlId, 'ContactTagUpdate');
    await world.polling.round('contact', 'delta');
    for (const ghlId of [byRead, byEvent]) await world.push(await world.idOf(ghlId));
    expect([await world.leadsOf(byRead), await world.leadsOf(byEvent)]).toEqual([['hot'], ['hot']]);
  });

  it('starts one on a contact older than the trigger that no trigger has seen, and one more when it is set again', async () => {
    const [ghlId] = (await world.polling.seedContacts(1)) as [string];
    await world.read(ghlId);
    await world.bench.database.ownerDb.deleteFrom('lead_trigger_states').where('ghl_contact_id', '=', ghlId).execute();
    await tag(ghlId, true);
    await world.deliver(ghlId, 'ContactTagUpdate');
    expect(await world.leadsOf(ghlId)).toEqual(['hot']);
    await tag(ghlId, false);
    await tag(ghlId, true);
    expect(await world.leadsOf(ghlId)).toEqual(['hot', 'hot']);
  });
});

describe('a contact that we make ourselves', () => {
  it('starts no lead by its creation and what it is made with, and one by a tag that it gets', async () => {
    const { id } = await world.make({ ...person(), 'custom:f-budget': '100', 'tag:hot': true });
    await world.push(id);
    const ghlId = (await world.get(id)).ghl_id!;
    expect(await world.leadsOf(ghlId)).toEqual([]);
    for (const type of ['ContactCreate', 'ContactUpdate'] as const) await world.deliver(ghlId, type);
    expect(await world.leadsOf(ghlId)).toEqual([]);
    await world.push(id);
    await world.deliver(ghlId, 'ContactTagUpdate');
    await world.polling.round('contact', 'delta');
    expect(await world.leadsOf(ghlId)).toEqual(['hot']);
  });
});

describe('a contact made here that GHL has already', () => {
  it('tells its open lead what has become of it since it was read last', async () => {
    const enquirer = somebody('10011');
    const { leadId, contactId } = await world.open(enquirer);
    await world.changeInGhl(contactId, { assignedTo: 'somebody-else' });
    const { postcode: _postcode, ...identity } = enquirer;
    const made = await world.make(identity);
    await world.push(made.id);
    expect((await world.get(made.id)).ghl_id).toBe(contactId);
    expect(await world.toldTo(leadId)).toEqual(['assigned-in-ghl']);
  });

  it('tells its open lead that it is gone, and is made anew', async () => {
    const enquirer = somebody('10011');
    const { leadId, contactId } = await world.open(enquirer);
    await world.bench.simulator.deleteContact(contactId);
    const { postcode: _postcode, ...identity } = enquirer;
    const made = await world.make(identity);
    await world.push(made.id);
    expect(await world.toldTo(leadId)).toEqual(['contact-deleted']);
    expect((await world.get(made.id)).ghl_id).not.toBe(contactId);
  });
});

describe('a merge', () => {
  async function merge(survivorGhlId: string, loserGhlId: string) {
    const [survivorId, loserId] = [await world.idOf(survivorGhlId), await world.idOf(loserGhlId)];
    const act = { actor: 'cli:tester', origin: 'cli' as const, now: new Date() };
    const answer = await world.asAgency((tx) => requestMerge(tx, { survivorId, loserId, acceptsLoss: true }, act));
    if ('refused' in answer) throw new Error(answer.refused);
    const args = { agencyId: world.agencyId, mergeId: answer.mergeId };
    return {
      absorb: () => run(world.bench.mergesGhl.absorbContact, args),
      finish: () => run(world.bench.mergesGhl.finishContactMerge, args),
    };
  }

  it('tells the lead that followed with whom the survivor is, once, and not that its old contact is gone', async () => {
    const { leadId, contactId } = await world.open();
    const survivor = await world.told({ assignedTo: 'somebody-else' });
    const steps = await merge(survivor, contactId);
    await steps.absorb();
    await steps.finish();
    await steps.finish();
    expect((await world.agency.assignments(leadId))[0]).toMatchObject({ ghl_contact_id: survivor });
    expect(await world.toldTo(leadId)).toEqual(['assigned-in-ghl']);
  });

  it('tells the lead that followed that the survivor is gone', async () => {
    const { leadId, contactId } = await world.open();
    const survivor = await world.told();
    const steps = await merge(survivor, contactId);
    await steps.absorb();
    await world.bench.simulator.deleteContact(survivor);
    await steps.finish();
    expect(await world.toldTo(leadId)).toEqual(['contact-deleted']);
  });

  it('lets a lead follow that came to the other contact while the rest was copied', async () => {
    const loser = await world.told();
    const survivor = await world.told();
    const { leadId } = await world.open();
    const steps = await merge(survivor, loser);
    // It comes after the leads have followed: the deletion waits.
    await world.bench.simulator.addFault({ latencyMs: 1_500, times: 1, method: 'DELETE' });
    const absorbed = steps.absorb();
    await waitFor('the deletion', async () => (await world.bench.simulator.listFaults()).length === 0);
    const { ownerDb } = world.bench.database;
    const moved = { ghl_contact_id: loser };
    await ownerDb.updateTable('assignments').set(moved).where('lead_id', '=', leadId).execute();
    await absorbed;
    await steps.finish();
    expect((await world.agency.assignments(leadId))[0]).toMatchObject({ ghl_contact_id: survivor });
    expect(await world.toldTo(leadId)).not.toContain('contact-deleted');
  });

  it('starts no lead by tags and fields that it copies, though no trigger has seen the other contact', async () => {
    const carried = { tags: ['warm'], customFields: [{ id: 'f-size', value: 'xl' }] };
    const [loser, survivor] = [await world.told(carried), await world.told()];
    await world.addTrigger('warm', 'tag', 'warm');
    await world.addTrigger('size', 'field', 'f-size');
    await world.deliver(survivor, 'ContactUpdate');
    const steps = await merge(survivor, loser);
    await steps.absorb();
    await world.deliver(survivor, 'ContactTagUpdate');
    await steps.finish();
    await world.deliver(survivor, 'ContactUpdate');
    await world.polling.round('contact', 'delta');
    expect(await world.shown(survivor)).toMatchObject(carried);
    expect(await world.leadsOf(survivor)).toEqual([]);
  });
});

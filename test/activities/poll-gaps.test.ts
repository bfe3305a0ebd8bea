import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { POLL_POLICY } from '../../domain/poll-rules.ts';
import { run } from '../stack/activity-bench.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { createPollWorld, type PollWorld } from './poll-world.ts';

let all: Neighbours;
let world: PollWorld;
let ids: string[];
beforeAll(async () => {
  all = await startNeighbours({ polling: { ...POLL_POLICY, gapGraceMs: 0 } });
  world = createPollWorld(all.bench, all.agency, 'chelsea');
  ids = await world.seedContacts(5);
  for (const kind of ['delta', 'sweep'] as const) await world.round('contact', kind);
});
afterAll(() => all.bench.stop());

const gaps = async () => (await world.gaps()).map(({ ghl_id, kind, told_at }) => [ghl_id, kind, told_at !== null]);
const tell = (type: string, id: string, at = new Date()) =>
  all.agency.event({ type, id, locationId: world.ghlLocationId }, 'chelsea', at);

describe('the report of gaps', () => {
  it('names nothing of what was there before anybody watched', async () => {
    expect(await gaps()).toEqual([]);
  });

  it('names what polling found and no event told: made, changed and deleted', async () => {
    const { simulator } = all.bench;
    const made = await simulator.createContact({
      locationId: world.ghlLocationId,
      firstName: 'New',
      email: 'new@x.test',
    });
    await simulator.updateContact(ids[0]!, { city: 'Boston' });
    await simulator.updateContact(ids[1]!, { city: 'Boston' });
    await simulator.deleteContact(ids[2]!);
    await tell('ContactUpdate', ids[1]!);
    await world.round('contact', 'delta');
    await world.round('contact', 'sweep');
    const wanted = [
      [ids[0], 'updated', false],
      [ids[2], 'deleted', false],
      [made.id, 'created', false],
    ];
    expect(await gaps()).toEqual(wanted.sort());
    await world.round('contact', 'delta');
    await world.round('contact', 'sweep');
    expect(await gaps()).toEqual(wanted.sort());
  });

  it('takes no event of an older change for the one that is missing', async () => {
    await tell('ContactUpdate', ids[3]!);
    await all.bench.simulator.advanceClock(60_000);
    await all.bench.simulator.updateContact(ids[3]!, { city: 'Salem' });
    await world.round('contact', 'delta');
    expect(await gaps()).toContainEqual([ids[3], 'updated', false]);
  });

  it('names what was lost although something else has brought the mirror up to it before polling came', async () => {
    const { agencyId, locationId } = world;
    const change = { resource: 'contact' as const, ghlId: ids[4]! };
    await all.bench.simulator.updateContact(ids[4]!, { city: 'Lynn' });
    // An event of an older change, which comes late, makes somebody read the contact.
    await run(all.bench.contactsGhl.readChanges, { agencyId, locationId, changes: [change] });
    const known = (await world.contacts()).find((row) => row.ghl_id === ids[4]!);
    expect(known?.fields['city']).toBe('Lynn');
    await world.round('contact', 'delta');
    expect(await gaps()).toContainEqual([ids[4], 'updated', false]);
  });

  it('names an end that a late event of something older was the first to find', async () => {
    const { agencyId, locationId } = world;
    const [id] = await world.seedContacts(1);
    await world.round('contact', 'sweep');
    await all.bench.simulator.deleteContact(id!);
    const changes = [{ resource: 'contact' as const, ghlId: id! }];
    await run(all.bench.contactsGhl.readChanges, { agencyId, locationId, changes });
    expect(await gaps()).toContainEqual([id, 'deleted', false]);
  });

  it('closes one that an event tells of late', async () => {
    await tell('ContactDelete', ids[2]!);
    await tell('ContactUpdate', ids[0]!);
    await world.plan();
    expect(await gaps()).toContainEqual([ids[0], 'updated', true]);
    expect(await gaps()).toContainEqual([ids[2], 'deleted', true]);
    expect(await gaps()).toContainEqual([ids[3], 'updated', false]);
  });

  it('names no gap of a neighbour', async () => {
    const rows = await all.bench.database.ownerDb.selectFrom('webhook_gaps').select('agency_id').distinct().execute();
    expect(rows).toEqual([{ agency_id: all.agency.agencyId }]);
  });

  it('takes what was told of one opportunity for no news of another of the same contact', async () => {
    const { simulator } = all.bench;
    const contactId = ids[4]!;
    const place = { locationId: world.ghlLocationId, contactId, pipelineId: 'p', status: 'open' as const };
    const opportunities = ['o-told', 'o-lost', 'o-gone', 'o-kept'].map((id) => ({ ...place, id, name: id }));
    const pipelines = [{ id: 'p', locationId: world.ghlLocationId, name: 'Sales', stages: [] }];
    await simulator.seed({ pipelines, opportunities });
    await world.round('opportunity', 'sweep');
    for (const id of ['o-told', 'o-lost']) await simulator.updateOpportunity(id, { status: 'won' });
    for (const id of ['o-gone', 'o-kept']) await simulator.deleteOpportunity(id);
    // GHL's clock was moved on by a minute.
    const afterwards = new Date(Date.now() + 61_000);
    for (const [type, id] of [
      ['OpportunityStatusUpdate', 'o-told'],
      ['OpportunityDelete', 'o-kept'],
    ]) {
      await all.agency.event({ type, id, contactId, locationId: world.ghlLocationId }, 'chelsea', afterwards);
    }
    await world.round('opportunity', 'sweep');
    const found = (await gaps()).filter(([id]) => String(id).startsWith('o-'));
    expect(found).toEqual([
      ['o-gone', 'deleted', false],
      ['o-lost', 'updated', false],
    ]);
  });

  it('names messages that came without their event', async () => {
    await world.round('message', 'delta');
    const message = await all.bench.simulator.receiveMessage({ contactId: ids[4]!, type: 'SMS', message: 'Hello' });
    await world.round('message', 'delta');
    expect(await gaps()).toContainEqual([message.id, 'created', false]);
  });

  it('takes no event of another message for the one that is missing, and knows one that a merge gave to another contact', async () => {
    const [survivorId, loserId] = await world.seedContacts(2);
    const receive = async (message: string) =>
      (await all.bench.simulator.receiveMessage({ contactId: loserId!, type: 'SMS', message })).id;
    const [lost, told] = [await receive('One'), await receive('Two')];
    // GHL's clock was moved on above.
    await tell('InboundMessage', told, new Date(Date.now() + 60_000));
    await all.bench.simulator.mergeContacts({ survivorId: survivorId!, loserId: loserId! });
    await world.round('message', 'delta');
    const named = (await gaps()).map(([id]) => id);
    expect(named).toContain(lost);
    expect(named).not.toContain(told);
  });
});

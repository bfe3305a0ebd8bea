import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { takePicture } from './picture.ts';
import { createPollWorld, type PollWorld } from './poll-world.ts';

let all: Neighbours;
let world: PollWorld;
let ids: string[];
beforeAll(async () => {
  all = await startNeighbours();
  world = createPollWorld(all.bench, all.agency, 'chelsea');
  ids = await world.seedContacts(230);
  await world.round('contact', 'delta');
  await world.round('contact', 'sweep');
});
afterAll(() => all.bench.stop());

const deleted = async () => (await world.contacts()).filter((row) => row.deleted_at !== null).map((row) => row.ghl_id);
const missing = async () => (await world.contacts()).filter((row) => row.missing_since !== null);
const latest = async () => (await world.drift())[0]!;

describe('a sweep of contacts', () => {
  it('reads what lists alone have shown', async () => {
    expect((await world.contacts()).every((row) => row.is_exact)).toBe(true);
    expect((await world.contacts())[0]!.fields).toMatchObject({ firstName: `Ann${ids[0]!}` });
  });

  it('writes nothing when the two sides are alike, and reports a drift of nothing', async () => {
    const before = await world.contacts();
    await all.bench.simulator.resetCalls();
    await world.round('contact', 'sweep');
    expect(await world.contacts()).toEqual(before);
    expect((await all.bench.simulator.getCalls()).counts).toEqual({ 'POST /contacts/search 200': 3 });
    const figures = { missing_here: 0, missing_there: 0, different: 0, remaining: 0 };
    expect(await latest()).toMatchObject({ ...figures, here: 230, there: 230, repairs: true });
  });

  it('marks what is gone deleted, and what was lost and changed here comes back', async () => {
    const { bench } = all;
    const { ownerDb } = bench.database;
    await bench.simulator.deleteContact(ids[10]!);
    await bench.simulator.deleteContact(ids[229]!);
    await ownerDb.deleteFrom('contacts').where('ghl_id', '=', ids[20]!).execute();
    await ownerDb
      .updateTable('contacts')
      .set({ fields: JSON.stringify({ firstName: 'Wrong' }) })
      .where('ghl_id', '=', ids[30]!)
      .execute();
    await world.round('contact', 'sweep');
    expect(await deleted()).toEqual([ids[10], ids[229]]);
    expect(await missing()).toEqual([]);
    const rows = new Map((await world.contacts()).map((row) => [row.ghl_id, row]));
    expect(rows.get(ids[20]!)!.fields).toMatchObject({ firstName: `Ann${ids[20]!}` });
    expect(rows.get(ids[30]!)!.fields).toMatchObject({ firstName: `Ann${ids[30]!}` });
    const figures = { missing_here: 1, missing_there: 2, different: 1, remaining: 0 };
    expect(await latest()).toMatchObject({ ...figures, here: 228, there: 228 });
    await world.round('contact', 'sweep');
    expect(await latest()).toMatchObject({ missing_here: 0, missing_there: 0, different: 0, remaining: 0 });
  });

  it('deletes nothing that the index has lost for a while, or does not show yet', async () => {
    const { bench } = all;
    const before = await deleted();
    await bench.simulator.setBehaviour({ searchLagMs: 60_000 });
    const made = await bench.simulator.createContact({
      locationId: world.ghlLocationId,
      firstName: 'Lag',
      email: 'l@x.test',
    });
    await world.makeDue('contact', 'sweep');
    // Known by its event, read by its id, and in no list yet.
    const { agency_id, location_id } = await world.pass('contact', 'sweep');
    const seenAt = new Date(Date.now() - 60_000);
    await bench.database.ownerDb
      .insertInto('contacts')
      .values({ agency_id, location_id, ghl_id: made.id, fields: '{}', observed_at: seenAt, found_by: 'event' })
      .execute();
    await world.round('contact', 'sweep');
    expect(await deleted()).toEqual(before);
    expect((await world.contacts()).find((row) => row.ghl_id === made.id)!.fields).toMatchObject({ firstName: 'Lag' });
    await bench.simulator.setBehaviour({ searchLagMs: 0 });
    await bench.simulator.advanceClock(61_000);
  });

  it('deletes nothing while GHL answers with half of its list', async () => {
    const { bench } = all;
    const before = await deleted();
    await bench.database.ownerDb
      .insertInto('sweep_pages')
      .values({ agency_id: world.agencyId, location_id: world.locationId, resource: 'contact', page: 99, ghl_ids: [] })
      .execute();
    await world.makeDue('contact', 'sweep');
    await world.page('contact', 'sweep');
    // As if the second and third page had come back empty.
    await bench.database.ownerDb
      .updateTable('poll_passes')
      .set({ cursor: JSON.stringify({ phase: 'list', after: ['2100-01-01', 'x'], page: 1 }) })
      .where('location_id', '=', world.locationId)
      .where('kind', '=', 'sweep')
      .where('resource', '=', 'contact')
      .execute();
    while (!(await world.page('contact', 'sweep')).isDone);
    expect(await deleted()).toEqual(before);
    expect(await missing()).toEqual([]);
  });

  it('keeps what moves while it goes through the list', async () => {
    const { bench } = all;
    const before = await deleted();
    await world.makeDue('contact', 'sweep');
    await world.page('contact', 'sweep');
    await bench.simulator.deleteContact(ids[0]!);
    const made = await bench.simulator.createContact({
      locationId: world.ghlLocationId,
      firstName: 'Meanwhile',
      email: 'm@x.test',
    });
    while (!(await world.page('contact', 'sweep')).isDone);
    await world.round('contact', 'sweep');
    expect(await deleted()).toEqual([...before, ids[0]].sort());
    expect((await world.contacts()).some((row) => row.ghl_id === made.id)).toBe(true);
  });

  it('goes on after a crash anywhere', async () => {
    const { bench } = all;
    await bench.simulator.deleteContact(ids[40]!);
    await world.makeDue('contact', 'sweep');
    for (const path of ['^/contacts/search', '^/contacts/c']) {
      await bench.simulator.addFault({ status: 503, path, times: 1 });
      await expect(
        (async () => {
          while (!(await world.page('contact', 'sweep')).isDone);
        })(),
      ).rejects.toMatchObject({ type: 'GhlUnavailable' });
    }
    while (!(await world.page('contact', 'sweep')).isDone);
    expect(await deleted()).toContain(ids[40]);
    expect(await latest()).toMatchObject({ missing_there: 1, remaining: 0 });
  });

  it('only counts when it is told to, and the one after repairs', async () => {
    const { bench } = all;
    await bench.simulator.deleteContact(ids[50]!);
    await bench.database.ownerDb.deleteFrom('contacts').where('ghl_id', '=', ids[51]!).execute();
    await bench.database.ownerDb
      .updateTable('contacts')
      .set({ deleted_at: new Date() })
      .where('ghl_id', '=', ids[52]!)
      .execute();
    const setting = { agency_id: world.agencyId, location_id: world.locationId, repairs: false };
    await bench.database.ownerDb.insertInto('poll_settings').values(setting).execute();
    const before = await world.contacts();
    await world.round('contact', 'sweep');
    expect(await world.contacts()).toEqual(before);
    expect(await latest()).toMatchObject({ missing_here: 2, missing_there: 1, remaining: 3, repairs: false });
    await bench.database.ownerDb.deleteFrom('poll_settings').execute();
    await world.round('contact', 'sweep');
    expect(await latest()).toMatchObject({ missing_here: 2, missing_there: 1, remaining: 0, repairs: true });
    expect(await deleted()).toContain(ids[50]);
    expect(await deleted()).not.toContain(ids[52]);
  });

  it('comes to the same when two sweep at once, and leaves the neighbour alone', async () => {
    const { bench } = all;
    const beside = await takePicture(bench, all.neighbour);
    await bench.simulator.deleteContact(ids[60]!);
    await world.makeDue('contact', 'sweep');
    const sweep = async () => {
      while (!(await world.page('contact', 'sweep')).isDone);
    };
    await Promise.all([sweep(), sweep()]);
    expect(await deleted()).toContain(ids[60]);
    expect(await missing()).toEqual([]);
    expect(await takePicture(bench, all.neighbour)).toEqual(beside);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../stack/activity-bench.ts';
import { failureOf } from './failure.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { takePicture } from './picture.ts';
import { createPollWorld, type PollWorld } from './poll-world.ts';

let all: Neighbours;
let world: PollWorld;
let ids: string[];
beforeAll(async () => {
  all = await startNeighbours();
  world = createPollWorld(all.bench, all.agency, 'chelsea');
  ids = await world.seedContacts(250);
  await all.bench.simulator.resetCalls();
  await world.round('contact', 'delta');
});
afterAll(() => all.bench.stop());

const versions = async () => new Map((await world.contacts()).map((row) => [row.ghl_id, row.version]));
const fieldsOf = async (id: string) => (await world.contacts()).find((row) => row.ghl_id === id)!.fields;

describe('the delta of contacts', () => {
  it('keeps what a location holds when it is first looked at, read from lists alone', async () => {
    const rows = await world.contacts();
    expect(rows.map((row) => row.ghl_id)).toEqual(ids);
    expect(rows.every((row) => row.is_exact === false && row.found_by === 'poll')).toBe(true);
    expect(await world.calls(/GET \/contacts\//)).toBe(0);
  });

  it('writes exactly what has changed since, each read once, and touches no other row', async () => {
    const { bench } = all;
    const [first, second] = [ids[3]!, ids[200]!];
    const before = await versions();
    await bench.simulator.updateContact(first, { firstName: 'Changed' });
    await bench.simulator.updateContact(second, { city: 'Boston' });
    const made = await bench.simulator.createContact({
      locationId: world.ghlLocationId,
      firstName: 'New',
      email: 'n@x.test',
    });
    await bench.simulator.resetCalls();
    await world.round('contact', 'delta');
    const after = await versions();
    const touched = [...after].filter(([id, version]) => before.get(id) !== version).map(([id]) => id);
    expect(touched.sort()).toEqual([first, second, made.id].sort());
    expect(await fieldsOf(first)).toMatchObject({ firstName: 'Changed' });
    expect(await fieldsOf(second)).toMatchObject({ city: 'Boston' });
    expect(await world.calls(/GET \/contacts\//)).toBe(3);
  });

  it('asks for one page and writes nothing when nothing has changed', async () => {
    const before = await versions();
    await all.bench.simulator.resetCalls();
    expect(await world.round('contact', 'delta')).toBe(1);
    expect(await versions()).toEqual(before);
    expect((await all.bench.simulator.getCalls()).counts).toEqual({ 'POST /contacts/search 200': 1 });
  });

  it('goes back so far that a change which the index showed late is found', async () => {
    const { bench } = all;
    await bench.simulator.setBehaviour({ searchLagMs: 60_000 });
    await bench.simulator.updateContact(ids[5]!, { city: 'Late' });
    await bench.simulator.setBehaviour({ searchLagMs: 0 });
    await bench.simulator.updateContact(ids[6]!, { city: 'Early' });
    await world.round('contact', 'delta');
    expect(await fieldsOf(ids[5]!)).not.toMatchObject({ city: 'Late' });
    await bench.simulator.advanceClock(61_000);
    await world.round('contact', 'delta');
    expect(await fieldsOf(ids[5]!)).toMatchObject({ city: 'Late' });
  });

  it('finds what changes while it goes through its pages', async () => {
    const { bench } = all;
    for (const id of ids.slice(0, 130)) await bench.simulator.updateContact(id, { city: 'Wave' });
    await world.makeDue('contact', 'delta');
    expect(await world.page('contact', 'delta')).toEqual({ isDone: false });
    // Neither was on the first page; both stand before it now.
    await bench.simulator.updateContact(ids[0]!, { city: 'Moved' });
    await bench.simulator.updateContact(ids[240]!, { city: 'Moved' });
    while (!(await world.page('contact', 'delta')).isDone);
    await world.round('contact', 'delta');
    expect(await fieldsOf(ids[0]!)).toMatchObject({ city: 'Moved' });
    expect(await fieldsOf(ids[240]!)).toMatchObject({ city: 'Moved' });
    expect((await world.contacts()).filter((row) => row.fields['city'] === 'Wave')).toHaveLength(129);
  });

  it('goes on after a crash between its pages, and after one in a page reads nothing twice but what was under way', async () => {
    const { bench } = all;
    for (const id of ids.slice(0, 110)) await bench.simulator.updateContact(id, { city: 'Crash' });
    await world.makeDue('contact', 'delta');
    await bench.simulator.resetCalls();
    await bench.simulator.addFault({ status: 503, method: 'GET', path: '^/contacts/', skip: 42, times: 1_000 });
    const failure = await failureOf(run(bench.pollsGhl.pollPage, world.argsOf('contact', 'delta')));
    expect(failure).toMatchObject({ type: 'GhlUnavailable', nonRetryable: false });
    await bench.simulator.clearFaults();
    const written = (await world.contacts()).filter((row) => row.fields['city'] === 'Crash').length;
    expect(written).toBe(42);
    await bench.simulator.resetCalls();
    while (!(await world.page('contact', 'delta')).isDone);
    expect(await world.calls(/GET \/contacts\//)).toBe(110 - written);
    expect((await world.contacts()).filter((row) => row.fields['city'] === 'Crash')).toHaveLength(110);
  });

  it('comes to the same when two poll at once, and leaves the neighbour alone', async () => {
    const { bench } = all;
    const beside = await takePicture(bench, all.neighbour);
    for (const id of ids.slice(0, 120)) await bench.simulator.updateContact(id, { city: 'Twice' });
    await world.makeDue('contact', 'delta');
    const poll = async () => {
      while (!(await world.page('contact', 'delta')).isDone);
    };
    await Promise.all([poll(), poll()]);
    expect((await world.contacts()).filter((row) => row.fields['city'] === 'Twice')).toHaveLength(120);
    expect(await world.contacts()).toHaveLength(251);
    expect(await takePicture(bench, all.neighbour)).toEqual(beside);
  });

  it('is not taken in the name of another agency', async () => {
    await world.makeDue('contact', 'delta');
    const args = { ...world.argsOf('contact', 'delta'), agencyId: all.neighbour.agencyId };
    await all.bench.simulator.resetCalls();
    expect(await run(all.bench.pollsGhl.pollPage, args)).toEqual({ isDone: true });
    expect((await all.bench.simulator.getCalls()).counts).toEqual({});
    const plan = { agencyId: all.neighbour.agencyId, locationId: world.locationId };
    expect(await run(all.bench.polls.planPolls, plan)).toEqual([]);
  });
});

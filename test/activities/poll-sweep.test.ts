import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../stack/activity-bench.ts';
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
    const setting = { agency_id: world.agencyId, location_id: world.locationId, repairs: false };
    await bench.database.ownerDb.insertInto('poll_settings').values(setting).execute();
    const before = await world.contacts();
    await world.round('contact', 'sweep');
    expect(await world.contacts()).toEqual(before);
    expect(await latest()).toMatchObject({ missing_here: 1, missing_there: 1, remaining: 2, repairs: false });
    await bench.database.ownerDb.deleteFrom('poll_settings').execute();
    await world.round('contact', 'sweep');
    expect(await latest()).toMatchObject({ missing_here: 1, missing_there: 1, remaining: 0, repairs: true });
    expect(await deleted()).toContain(ids[50]);
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

describe('a sweep of everything else', () => {
  const day = 86_400_000;
  beforeAll(async () => {
    const { ghlLocationId: locationId } = world;
    const at = (days: number) => new Date(Date.now() + days * day).toISOString();
    await all.bench.simulator.seed({
      pipelines: [{ id: 'p1', locationId, name: 'Sales', stages: [{ id: 's1', name: 'New' }] }],
      opportunities: ['o1', 'o2', 'o3'].map((id) => {
        const of = { id, locationId, contactId: ids[100]!, pipelineId: 'p1', pipelineStageId: 's1' };
        return { ...of, name: id, status: 'open' as const };
      }),
      calendars: [{ id: 'cal1', locationId, name: 'Visits' }],
      appointments: [
        ['a1', 2],
        ['a2', 100],
        ['a3', 400],
      ].map(([id, days]) => ({
        id: String(id),
        locationId,
        calendarId: 'cal1',
        contactId: ids[100]!,
        title: 'Visit',
        startTime: at(Number(days)),
        endTime: at(Number(days) + 0.05),
      })),
      customFields: [
        { id: 'f1', locationId, name: 'Roof', fieldKey: 'contact.roof', dataType: 'TEXT', model: 'contact' },
      ],
    });
  });
  const kept = async (resource: Parameters<PollWorld['records']>[0]) =>
    (await world.records(resource)).filter((row) => row.deleted_at === null).map((row) => row.ghl_id);

  it.each([
    ['opportunity', ['o1', 'o2', 'o3']],
    ['appointment', ['a1', 'a2']],
    ['user', ['one-user-dan']],
    ['custom-field', ['f1']],
    ['pipeline', ['p1']],
  ] as const)('keeps what is listed: %s', async (resource, wanted) => {
    await world.round(resource, 'sweep');
    expect(await kept(resource)).toEqual([...wanted]);
    const before = await world.records(resource);
    await world.round(resource, 'sweep');
    expect(await world.records(resource)).toEqual(before);
  });

  it('finds what changes and what is gone', async () => {
    const { bench } = all;
    await bench.simulator.updateOpportunity('o1', { status: 'won' });
    await bench.simulator.deleteOpportunity('o2');
    await bench.simulator.deleteUser(all.agency.ghlUser('dan'));
    await world.round('opportunity', 'sweep');
    await world.round('user', 'sweep');
    expect(await kept('opportunity')).toEqual(['o1', 'o3']);
    expect((await world.records('opportunity'))[0]!.fields).toMatchObject({ status: 'won' });
    expect(await kept('user')).toEqual([]);
  });

  it('believes that an appointment beyond its window is there', async () => {
    const { agencyId: agency_id, locationId: location_id } = world;
    const fields = JSON.stringify({ startTime: new Date(Date.now() + 400 * day).toISOString() });
    const row = { agency_id, location_id, resource: 'appointment' as const, ghl_id: 'a3', found_by: 'event' as const };
    const observed_at = new Date(Date.now() - day);
    await all.bench.database.ownerDb
      .insertInto('mirror_records')
      .values({ ...row, fields, observed_at })
      .execute();
    await all.bench.simulator.resetCalls();
    await world.round('appointment', 'sweep');
    expect(await kept('appointment')).toEqual(['a1', 'a2', 'a3']);
    expect(await world.calls(/appointments\//)).toBe(0);
  });

  it('takes a second list without it for the proof that a pipeline is gone, which GHL does not give one by one', async () => {
    const { ownerDb } = all.bench.database;
    await ownerDb
      .insertInto('mirror_records')
      .values({
        agency_id: world.agencyId,
        location_id: world.locationId,
        resource: 'pipeline',
        ghl_id: 'p0',
        fields: '{}',
        observed_at: new Date(Date.now() - day),
        found_by: 'poll',
      })
      .execute();
    await world.round('pipeline', 'sweep');
    expect(await kept('pipeline')).toEqual(['p0', 'p1']);
    await world.round('pipeline', 'sweep');
    expect(await kept('pipeline')).toEqual(['p1']);
  });

  it('follows messages and conversations, e-mails with their bodies', async () => {
    const { bench } = all;
    await bench.simulator.receiveMessage({ contactId: ids[100]!, type: 'SMS', message: 'Hello' });
    await bench.simulator.receiveMessage({
      contactId: ids[101]!,
      type: 'Email',
      subject: 'Roof',
      message: 'Please call',
    });
    for (const resource of ['message', 'conversation'] as const) await world.round(resource, 'delta');
    const messages = await world.records('message');
    expect(messages.map((row) => row.fields['body']).sort()).toEqual(['Hello', 'Please call']);
    expect(await world.records('conversation')).toHaveLength(2);
    for (const resource of ['message', 'conversation'] as const) {
      const before = await world.records(resource);
      await bench.simulator.resetCalls();
      await world.round(resource, 'delta');
      await world.round(resource, 'sweep');
      expect(await world.records(resource)).toEqual(before);
    }
    await bench.simulator.receiveMessage({ contactId: ids[100]!, type: 'SMS', message: 'Again' });
    await world.round('message', 'delta');
    expect(await world.records('message')).toHaveLength(3);
  });

  it('repeats without a second effect', async () => {
    const { bench } = all;
    await world.makeDue('opportunity', 'sweep');
    const activityId = 'repeated';
    const steps = [1, 2, 3, 4, 5, 6].map(
      (attempt) => () => run(bench.pollsGhl.pollPage, world.argsOf('opportunity', 'sweep'), { activityId, attempt }),
    );
    for (const step of steps) await step();
    const before = await world.records('opportunity');
    for (const step of steps) expect(await step()).toEqual({ isDone: true });
    expect(await world.records('opportunity')).toEqual(before);
  });
});

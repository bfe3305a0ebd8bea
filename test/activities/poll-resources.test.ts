import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../stack/activity-bench.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { createPollWorld, type PollWorld } from './poll-world.ts';

let all: Neighbours;
let world: PollWorld;
let ids: string[];
beforeAll(async () => {
  all = await startNeighbours();
  world = createPollWorld(all.bench, all.agency, 'chelsea');
  ids = await world.seedContacts(102);
});
afterAll(() => all.bench.stop());

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

  it('tells when a custom field is not as it was mapped', async () => {
    const { agencyId: agency_id, locationId: location_id } = world;
    const { ownerDb } = all.bench.database;
    const mapped = { agency_id, location_id, type: 'number' as const, checked_at: new Date(0) };
    await ownerDb
      .insertInto('field_mappings')
      .values([
        { ...mapped, name: 'budget', ghl_field_id: 'f1', ghl_data_type: 'NUMERICAL' },
        { ...mapped, name: 'lost', ghl_field_id: 'f-lost', ghl_data_type: 'NUMERICAL' },
      ])
      .execute();
    await world.round('custom-field', 'sweep');
    const drifts = await ownerDb.selectFrom('field_mappings').select(['name', 'drift']).orderBy('name').execute();
    expect(drifts).toEqual([
      { name: 'budget', drift: 'type-changed' },
      { name: 'lost', drift: 'gone' },
    ]);
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

  it('finds changed opportunities by one page, newest first, reads none of them, and leaves the others untouched', async () => {
    const { simulator } = all.bench;
    const many = Array.from({ length: 120 }, (_, index) => {
      const of = { locationId: world.ghlLocationId, contactId: ids[100]!, pipelineId: 'p1', pipelineStageId: 's1' };
      const at = new Date(Date.UTC(2024, 0, 1, 0, index)).toISOString();
      return { ...of, id: `p${index}`, name: 'Many', status: 'open' as const, createdAt: at, updatedAt: at };
    });
    await simulator.seed({ opportunities: many });
    await world.round('opportunity', 'delta');
    expect(await kept('opportunity')).toHaveLength(122);
    const versions = async () => new Map((await world.records('opportunity')).map((row) => [row.ghl_id, row.version]));
    const before = await versions();
    // The oldest of all, which a list by creation has on its last page.
    await simulator.updateOpportunity('p0', { status: 'lost' });
    await simulator.resetCalls();
    await world.round('opportunity', 'delta');
    expect((await simulator.getCalls()).counts).toEqual({ 'POST /opportunities/search 200': 1 });
    const touched = [...(await versions())].filter(([id, version]) => before.get(id) !== version).map(([id]) => id);
    expect(touched).toEqual(['p0']);
    const row = (await world.records('opportunity')).find(({ ghl_id }) => ghl_id === 'p0');
    expect(row!.fields).toMatchObject({ status: 'lost' });
    await world.round('opportunity', 'sweep');
    expect((await world.records('opportunity')).filter((each) => each.deleted_at === null)).toHaveLength(122);
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

  it('follows messages and a conversation that a merge gave to another contact, and counts them as different', async () => {
    const [survivorId] = await world.seedContacts(1);
    const owners = async () =>
      all.bench.database.ownerDb
        .selectFrom('messages')
        .select('ghl_contact_id')
        .where('ghl_contact_id', 'in', [ids[101]!, survivorId!])
        .execute();
    expect(await owners()).toEqual([{ ghl_contact_id: ids[101] }]);
    await all.bench.simulator.mergeContacts({ survivorId: survivorId!, loserId: ids[101]! });
    for (const resource of ['message', 'conversation'] as const) {
      const before = (await world.pass(resource, 'sweep')).different;
      await world.round(resource, 'sweep');
      expect((await world.pass(resource, 'sweep')).different, resource).toBe(before + 1);
    }
    expect(await owners()).toEqual([{ ghl_contact_id: survivorId }]);
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

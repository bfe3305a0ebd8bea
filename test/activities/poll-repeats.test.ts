import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { passesOf, POLL_POLICY } from '../../domain/poll-rules.ts';
import { run } from '../stack/activity-bench.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { expectToRepeat, takePicture } from './picture.ts';
import { createPollWorld, type PollWorld } from './poll-world.ts';

const PASSES = passesOf(POLL_POLICY);

let all: Neighbours;
let world: PollWorld;
beforeAll(async () => {
  all = await startNeighbours();
  world = createPollWorld(all.bench, all.agency, 'back-bay');
  const { ghlLocationId: locationId } = world;
  const [contactId] = await world.seedContacts(12);
  const soon = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
  const { simulator } = all.bench;
  await simulator.seed({
    opportunities: ['o1', 'o2'].map((id) => {
      const place = { locationId, contactId: contactId!, pipelineId: 'one-pipe-back-bay' };
      return { id, ...place, pipelineStageId: 'one-stage-back-bay', name: id, status: 'open' as const };
    }),
    calendars: [{ id: 'cal1', locationId, name: 'Visits' }],
    appointments: [
      {
        id: 'a1',
        locationId,
        calendarId: 'cal1',
        contactId: contactId!,
        title: 'Visit',
        startTime: soon(24),
        endTime: soon(25),
      },
    ],
    customFields: [
      { id: 'f1', locationId, name: 'Roof', fieldKey: 'contact.roof', dataType: 'TEXT', model: 'contact' },
    ],
  });
  await simulator.receiveMessage({ contactId: contactId!, type: 'SMS', message: 'Hello' });
  await simulator.receiveMessage({ contactId: contactId!, type: 'Email', subject: 'Roof', message: 'Please' });
});
afterAll(() => all.bench.stop());

/** Where polling itself stands, what it was allowed to ask, and the report of each sweep. */
const OWN = ['poll_passes', 'sweep_pages', 'drift_reports', 'ghl_budgets', 'ghl_breakers'];

/** Every version of every row of the agency but those: a row that was written again has another, whatever is in it. */
async function rowVersions(): Promise<string[]> {
  const { ownerDb } = all.bench.database;
  const tables = await sql<{ name: string }>`
    select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'agency_id'
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by 1
  `.execute(ownerDb);
  const versions: string[] = [];
  for (const { name } of tables.rows.filter((table) => !OWN.includes(table.name))) {
    const rows = await sql<{ version: string }>`
      select t.ctid::text || '/' || t.xmin::text as version from ${sql.table(name)} t
      where agency_id = ${world.agencyId} order by 1
    `.execute(ownerDb);
    versions.push(...rows.rows.map(({ version }) => `${name} ${version}`));
  }
  return versions;
}

describe('a step of polling', () => {
  it.each(PASSES)('repeats without a second effect: $kind of $resource', async ({ resource, kind }) => {
    const beside = await takePicture(all.bench, all.neighbour);
    await world.round(resource, kind);
    const after = await takePicture(all.bench, all.agency);
    const again = () => run(all.bench.pollsGhl.pollPage, world.argsOf(resource, kind));
    for (let time = 0; time < 3; time += 1) expect(await again()).toEqual({ isDone: true });
    expect(await Promise.all([again(), again(), again()])).toEqual(Array(3).fill({ isDone: true }));
    expect(await takePicture(all.bench, all.agency)).toEqual(after);
    expect(await takePicture(all.bench, all.neighbour)).toEqual(beside);
  });

  it('writes nothing of what has not changed, whatever it looks at', async () => {
    for (const { resource, kind } of PASSES) await world.round(resource, kind);
    const before = await rowVersions();
    expect(before.filter((version) => version.startsWith('contacts '))).toHaveLength(12);
    for (const name of ['mirror_records', 'messages']) {
      expect(before.some((version) => version.startsWith(name))).toBe(true);
    }
    await all.bench.simulator.resetCalls();
    for (const { resource, kind } of PASSES) await world.round(resource, kind);
    expect(await world.calls(/./)).toBeGreaterThan(PASSES.length);
    expect(await rowVersions()).toEqual(before);
  });

  it('plans the same again, and counts a failure once', async () => {
    const { agencyId, locationId } = world;
    const second = createPollWorld(all.bench, all.agency, 'cambridge');
    const of = { agencyId, locationId: second.locationId };
    expect(await expectToRepeat(all.bench, all, all.bench.polls.planPolls, of)).toHaveLength(PASSES.length);
    const failed = { ...second.argsOf('contact', 'delta'), cause: 'GhlForbidden' };
    await expectToRepeat(all.bench, all, all.bench.polls.postponePass, failed);
    expect((await second.pass('contact', 'delta')).failures).toBe(1);
    const due = await expectToRepeat(all.bench, all, all.bench.polls.listDuePolls, { limit: 100 });
    expect(due).toContainEqual(of);
    expect(due).not.toContainEqual({ agencyId, locationId });
  });
});

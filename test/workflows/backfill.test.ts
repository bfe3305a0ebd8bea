import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listDeadLetters } from '../../db/dead-letter-list.ts';
import { withScope } from '../../db/scope.ts';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { type BackfillHarness, createBackfillHarness, oldContacts } from '../stack/backfill-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { waitFor } from '../stack/wait.ts';

/** GHL's pace is not what is tested here; the gateway learns this one from the headers. */
const RATE = { rateLimit: { max: 10_000 } };
/** Two pages of a list, the second of them not full. */
const COUNT = 510;

let system: TestSystem;
let agency: PlantedAgency;
let neighbour: PlantedAgency;
let backfills: BackfillHarness;
beforeAll(async () => {
  system = await startTestSystem();
  agency = await system.plant(smallAgency('one'));
  neighbour = await system.plant(smallAgency('two'));
  backfills = createBackfillHarness(system, agency);
  for (const name of agency.locations.keys()) await system.simulator.changeLocation(backfills.ghlLocation(name), RATE);
  await system.simulator.seed({
    contacts: [...oldContacts('one-loc-back-bay', COUNT), ...oldContacts('two-loc-back-bay', 3)],
  });
  await system.startWorkers(['bulk']);
});
afterAll(() => system.stop());

const seed = (name: string, count: number, startMs?: number) =>
  system.simulator.seed({ contacts: oldContacts(backfills.ghlLocation(name), count, startMs) });

describe('a backfill of contacts', () => {
  it('brings every contact of a location, field by field as GHL has it, and proves it', async () => {
    const { run, parts } = await backfills.complete({ under: 'back-bay' });
    expect(parts).toHaveLength(1);
    expect(parts[0]).toMatchObject({ state: 'done', cause: null, listed: COUNT, checked: COUNT, stored: COUNT });
    expect(parts[0]).toMatchObject({ missing: 0, different: 0, deleted: 0, left_to_poll: 0 });
    expect(run.wanted).toBe('run');
    const mirrored = await backfills.mirrored('back-bay');
    expect(mirrored.size).toBe(COUNT);
    expect(mirrored).toEqual(await backfills.inGhl('back-bay'));
  });

  it('writes nothing when it is repeated', async () => {
    const before = await backfills.versions();
    const { parts } = await backfills.complete({ under: 'back-bay' });
    expect(parts[0]).toMatchObject({ state: 'done', written: 0, missing: 0, different: 0, stored: COUNT });
    expect(before).toHaveLength(COUNT);
    expect(await backfills.versions()).toEqual(before);
  });

  it('leaves the neighbours alone: no other location, no other agency', async () => {
    const rows = await system.database.ownerDb.selectFrom('contacts').select(['agency_id', 'location_id']).execute();
    expect(new Set(rows.map(({ location_id }) => location_id))).toEqual(new Set([backfills.location('back-bay')]));
    const theirs = createBackfillHarness(system, neighbour, 'two');
    const { parts } = await theirs.complete({ under: 'back-bay' });
    expect(parts[0]).toMatchObject({ state: 'done', stored: 3 });
    expect(await theirs.mirrored('back-bay')).toEqual(await theirs.inGhl('back-bay'));
    expect((await backfills.mirrored('back-bay')).size).toBe(COUNT);
  });

  it.each(['applied', 'ignored'] as const)(
    'brings what was made in a range of dates and nothing else, and counts only that, where GHL has the range %s',
    async (dateRanges) => {
      const { ownerDb } = system.database;
      await ownerDb.deleteFrom('contacts').where('location_id', '=', backfills.location('chelsea')).execute();
      await seed('chelsea', 120, Date.UTC(2024, 4, 1));
      const [from, to] = [new Date('2024-05-01T00:30:00Z'), new Date('2024-05-01T01:30:00Z')];
      await system.simulator.setBehaviour({ dateRanges });
      const { parts } = await backfills.complete({ under: 'chelsea', from, to });
      await system.simulator.setBehaviour({ dateRanges: 'applied' });
      expect(parts[0]).toMatchObject({ state: 'done', listed: 60, checked: 60, stored: 60, missing: 0 });
      const inRange = [...(await backfills.inGhl('chelsea'))].slice(30, 90);
      expect(await backfills.mirrored('chelsea')).toEqual(new Map(inRange));
    },
  );

  it('believes lists where nobody asked for names as they are spelt, and costs a call for 500 contacts', async () => {
    await seed('cambridge', 40);
    await system.simulator.resetCalls();
    const { parts } = await backfills.complete({ under: 'cambridge', names: 'listed' });
    expect(parts[0]).toMatchObject({ state: 'done', stored: 40 });
    const { counts } = await system.simulator.getCalls();
    const calls = Object.entries(counts).filter(([name]) => name.includes('/contacts'));
    // The list and the check: each counted once and read once.
    expect(calls.reduce((sum, [, count]) => sum + count, 0)).toBe(4);
    const names = [...(await backfills.mirrored('cambridge')).values()].map(({ firstName }) => firstName).sort();
    expect(names).toEqual(Array.from({ length: 40 }, (_, index) => `ann${index}`).sort());
    const { parts: again } = await backfills.complete({ under: 'cambridge' });
    expect(again[0]).toMatchObject({ written: 40, missing: 0, different: 0 });
    expect(await backfills.mirrored('cambridge')).toEqual(await backfills.inGhl('cambridge'));
  });

  it('ends equal to GHL although contacts are changed, made and deleted while it runs', async () => {
    const ghlId = (at: number): string => `one-loc-east-c${Date.UTC(2023, 0, 1)}-${at}`;
    await seed('east', 60);
    await system.database.ownerDb
      .updateTable('locations')
      .set({ is_intake: false })
      .where('id', '=', backfills.location('east'))
      .execute();
    await system.simulator.addFault({ latencyMs: 150, path: '^/contacts/one-loc-east', locationId: 'one-loc-east' });
    const runId = await backfills.start({ under: 'east' });
    await waitFor('some contacts to be read', async () => {
      const { parts } = await backfills.get(runId);
      return parts[0]!.step === 'names' && parts[0]!.done > 0;
    });
    await system.simulator.updateContact(ghlId(3), { firstName: 'Changed' });
    await system.simulator.updateContact(ghlId(59), { firstName: 'Changed' });
    await system.simulator.deleteContact(ghlId(5));
    await system.simulator.deleteContact(ghlId(58));
    await system.simulator.createContact({ locationId: 'one-loc-east', firstName: 'McNew', email: 'new@x.test' });
    await system.simulator.clearFaults();
    const { parts } = await backfills.ended(runId);
    expect(parts[0]).toMatchObject({ state: 'done', checked: 59, stored: 59, deleted: 2 });
    expect(await backfills.mirrored('east')).toEqual(await backfills.inGhl('east'));
  });

  it('takes a live event for newer than a page that was read before it', async () => {
    await system.simulator.seed({ contacts: oldContacts('one-loc-chelsea', 1, Date.UTC(2025, 0, 1)) });
    const [ghlId] = oldContacts('one-loc-chelsea', 1, Date.UTC(2025, 0, 1)).map(({ id }) => id!);
    const later = new Date(Date.now() + 60_000);
    await system.database.ownerDb
      .insertInto('contacts')
      .values({
        agency_id: agency.agencyId,
        location_id: backfills.location('chelsea'),
        ghl_id: ghlId!,
        ghl_created_at: new Date('2025-01-01T00:00:00Z'),
        ghl_updated_at: later,
        fields: JSON.stringify({ firstName: 'Newer' }),
        observed_at: later,
        found_by: 'event',
      })
      .execute();
    await backfills.complete({ under: 'chelsea', from: new Date('2025-01-01T00:00:00Z') });
    expect((await backfills.mirrored('chelsea')).get(ghlId!)).toEqual({ firstName: 'Newer' });
  });
});

describe('a live intake account', () => {
  it('gets its old contacts, but no lead, no message and no routing of them; new ones are left to events and polls', async () => {
    await seed('master', 20);
    const fresh = await system.simulator.createContact({
      locationId: 'one-loc-master',
      firstName: 'Fresh',
      email: 'fresh@x.test',
    });
    const { parts } = await backfills.complete({ under: 'master', resources: ['contact'] });
    const ofMaster = parts.find((part) => part.location_id === backfills.location('master'));
    expect(ofMaster).toMatchObject({ state: 'done', checked: 21, stored: 20, left_to_poll: 1, missing: 0 });
    const mirrored = await backfills.mirrored('master');
    expect(mirrored.size).toBe(20);
    expect(mirrored.has(fresh.id)).toBe(false);
    const { ownerDb } = system.database;
    for (const table of ['leads', 'decisions', 'assignments'] as const) {
      expect(await ownerDb.selectFrom(table).selectAll().execute()).toEqual([]);
    }
    const work = ownerDb.selectFrom('event_capabilities').selectAll();
    expect(await work.where('capability', '<>', 'backfill').execute()).toEqual([]);
    expect(await system.simulator.listRecords('messages')).toEqual([]);
  });

  it('was covered with all below it, each location by itself', async () => {
    const letters = await withScope(system.database.db, { agencyId: agency.agencyId }, (tx) =>
      listDeadLetters(tx, {}, { limit: 10 }),
    );
    expect(letters).toEqual([]);
    const runs = await system.database.ownerDb.selectFrom('backfill_parts').select(['run_id', 'location_id']).execute();
    const widest = runs
      .filter(({ location_id }) => location_id === backfills.location('master'))
      .map((row) => row.run_id);
    expect(runs.filter(({ run_id }) => run_id === widest[0])).toHaveLength(agency.locations.size);
  });
});

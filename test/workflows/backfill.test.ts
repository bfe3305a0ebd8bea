import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { type BackfillHarness, createBackfillHarness, oldContacts } from '../stack/backfill-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';

/** Enough for its test to need several pages, and quick to read by themselves. */
const RATE = { rateLimit: { max: 10_000 } };

let system: TestSystem;
let agency: PlantedAgency;
let backfills: BackfillHarness;
beforeAll(async () => {
  system = await startTestSystem();
  agency = await system.plant(smallAgency('one'));
  backfills = createBackfillHarness(system, agency);
  for (const name of agency.locations.keys()) await system.simulator.changeLocation(backfills.ghlLocation(name), RATE);
  await system.simulator.seed({ contacts: oldContacts(backfills.ghlLocation('back-bay'), 1_200) });
  await system.startWorkers(['bulk']);
}, 60_000);
afterAll(() => system.stop());

describe('a backfill of contacts', () => {
  it('brings every contact of a location, field by field as GHL has it, and proves it', async () => {
    const { run, parts } = await backfills.complete({ under: 'back-bay' });
    expect(parts).toHaveLength(1);
    expect(parts[0]).toMatchObject({ state: 'done', cause: null, listed: 1_200, checked: 1_200, stored: 1_200 });
    expect(parts[0]).toMatchObject({ missing: 0, different: 0, deleted: 0, left_to_poll: 0 });
    expect(await backfills.mirrored('back-bay')).toEqual(await backfills.inGhl('back-bay'));
    expect(run.ended_at).not.toBeNull();
  });

  it('writes nothing when it is repeated', async () => {
    const before = await backfills.versions();
    const { parts } = await backfills.complete({ under: 'back-bay' });
    expect(parts[0]).toMatchObject({ state: 'done', written: 0, missing: 0, different: 0, stored: 1_200 });
    expect(before).toHaveLength(1_200);
    expect(await backfills.versions()).toEqual(before);
  });
});

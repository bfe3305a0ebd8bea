import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addBackfillRun } from '../../db/backfill-runs.ts';
import { withScope } from '../../db/scope.ts';
import type { BackfillResource, NamesWanted } from '../../domain/backfill.ts';
import { getLocation } from '../../ghl/locations.ts';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { type ActivityBench, run, startActivityBench } from '../stack/activity-bench.ts';
import { createBackfillHarness, oldContacts } from '../stack/backfill-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { failureOf } from './failure.ts';

let bench: ActivityBench;
let agency: PlantedAgency;
let neighbour: PlantedAgency;
beforeAll(async () => {
  bench = await startActivityBench();
  agency = await bench.plant(smallAgency('one'));
  neighbour = await bench.plant(smallAgency('two'));
});
afterAll(() => bench.stop());

/** A part that has begun. */
async function begun(name: string, resource: BackfillResource = 'contact', names: NamesWanted = 'exact') {
  const { agencyId } = agency;
  const [runId, locationId] = [randomUUID(), agency.locations.get(name)!];
  const order = { id: runId, agencyId, rootId: locationId, locationIds: [locationId], resources: [resource] };
  const range = { from: null, to: null, names, workflowId: 'none' };
  await withScope(bench.database.db, { agencyId }, (tx) =>
    addBackfillRun(tx, { ...order, ...range }, { actor: 'test', origin: 'test' }),
  );
  const ref = { agencyId, runId, locationId, resource };
  await run(bench.backfills.openBackfill, { input: ref, workflowId: 'none', fallbackRunId: runId });
  return ref;
}
const partOf = (runId: string) =>
  bench.database.ownerDb.selectFrom('backfill_parts').selectAll().where('run_id', '=', runId).executeTakeFirstOrThrow();
const mirror = () => {
  const parts = { database: bench.database, simulator: bench.simulator, client: undefined as never };
  return createBackfillHarness(parts, agency);
};

describe('two attempts of one walk', () => {
  it('write each page once between them, and count it once', async () => {
    await bench.simulator.seed({ contacts: oldContacts('one-loc-back-bay', 1_300) });
    const ref = await begun('back-bay', 'contact', 'listed');
    // One that was given up lives on beside the one that took its place.
    const walks = await Promise.allSettled([
      run(bench.backfillsGhl.walkBackfill, ref),
      run(bench.backfillsGhl.walkBackfill, ref),
      run(bench.backfillsGhl.walkBackfill, ref),
    ]);
    for (const walk of walks) {
      if (walk.status === 'rejected') expect(walk.reason).toMatchObject({ type: 'BackfillMoved', nonRetryable: false });
    }
    expect(await run(bench.backfillsGhl.walkBackfill, ref)).toMatchObject({ outcome: 'walked' });
    expect(await partOf(ref.runId)).toMatchObject({ listed: 1_300, checked: 1_300, written: 1_300, missing: 0 });
    expect((await mirror().mirrored('back-bay')).size).toBe(1_300);
  });

  it('end a part once, as the first of them said', async () => {
    const ref = await begun('chelsea');
    await run(bench.backfillsGhl.walkBackfill, ref);
    const done = { ...ref, state: 'done' as const, cause: null };
    const report = await run(bench.backfills.endPart, done);
    expect(report).toMatchObject({ listed: 0, stored: 0 });
    expect(await run(bench.backfills.endPart, { ...ref, state: 'failed', cause: 'Late' })).toEqual(report);
    expect(await partOf(ref.runId)).toMatchObject({ state: 'done', cause: null });
    expect(await bench.database.ownerDb.selectFrom('dead_letters').selectAll().execute()).toEqual([]);
    expect(await run(bench.backfillsGhl.walkBackfill, ref)).toMatchObject({ outcome: 'over' });
  });
});

describe('in the name of another agency', () => {
  it('nothing of a backfill is found or changed', async () => {
    const ref = await begun('cambridge');
    const before = await partOf(ref.runId);
    const theirs = { ...ref, agencyId: neighbour.agencyId };
    const { backfills, backfillsGhl } = bench;
    expect(await failureOf(run(backfillsGhl.walkBackfill, theirs))).toMatchObject({ type: 'LocationNotConnected' });
    const ownLocation = { ...theirs, locationId: neighbour.locations.get('cambridge')! };
    expect(await failureOf(run(backfillsGhl.walkBackfill, ownLocation))).toMatchObject({
      type: 'BackfillPartNotFound',
    });
    const open = { input: ownLocation, workflowId: 'x', fallbackRunId: ref.runId };
    expect(await failureOf(run(backfills.openBackfill, open))).toMatchObject({ type: 'BackfillPartNotFound' });
    await run(backfills.wishBackfillPart, { ...theirs, wish: 'cancel' });
    expect(await run(backfills.endPart, { ...theirs, state: 'cancelled', cause: null })).toBeNull();
    const ofRun = { agencyId: neighbour.agencyId, runId: ref.runId };
    expect((await failureOf(run(backfills.wishBackfillRun, { ...ofRun, wish: 'cancel' }))).nonRetryable).toBe(true);
    expect((await failureOf(run(backfills.planRun, { ...ofRun, window: 1, again: true }))).nonRetryable).toBe(true);
    expect(await failureOf(run(backfills.tellRun, ofRun))).toMatchObject({ type: 'BackfillRunNotFound' });
    expect(await partOf(ref.runId)).toEqual(before);
    expect(Object.keys({ ...backfills, ...backfillsGhl }).sort()).toEqual([
      'endPart',
      'openBackfill',
      'planRun',
      'tellRun',
      'walkBackfill',
      'wishBackfillPart',
      'wishBackfillRun',
    ]);
  });
});

describe('beside a backfill that uses all it may', () => {
  it('a person’s call is answered within a second', async () => {
    await bench.simulator.seed({ contacts: oldContacts('one-loc-east', 200) });
    await bench.simulator.changeLocation('one-loc-east', { rateLimit: { max: 100 } });
    const ref = await begun('east');
    const ids = { agencyId: ref.agencyId, locationId: ref.locationId };
    const resource = { kind: 'location' as const, ...ids, ghlCompanyId: 'one-company', ghlLocationId: 'one-loc-east' };
    const ask = async (): Promise<number> => {
      const startedMs = performance.now();
      await getLocation(bench.gateway, { resource, lane: 'interactive' });
      return performance.now() - startedMs;
    };
    const aloneMs: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) aloneMs.push(await ask());
    const walking = run(bench.backfillsGhl.walkBackfill, ref);
    const tookMs: number[] = [];
    for (let isWalking = true; isWalking;) {
      tookMs.push(await ask());
      // The pace at which the person calls; how long it goes on is the walk's end to say.
      isWalking = await Promise.race([
        walking.then(() => false),
        new Promise<boolean>((resolve) => setTimeout(resolve, 400, true)),
      ]);
    }
    const { outcome } = await walking;
    expect(outcome).toBe('more');
    // Far from done: its limit held it back all the while, and GHL refused nobody.
    expect((await partOf(ref.runId)).done).toBeLessThan(200);
    const use = (await bench.simulator.listLimits()).find((limit) => limit.resource === 'one-loc-east')!;
    expect(use.refused).toBe(0);
    expect(tookMs.length).toBeGreaterThan(5);
    tookMs.sort((a, b) => a - b);
    // A machine so busy that a call alone takes a good part of that gives those beside the backfill as much more.
    const withinMs = Math.max(1_000, 5 * Math.max(...aloneMs));
    expect(tookMs[Math.floor(tookMs.length * 0.95)]).toBeLessThan(withinMs);
  });
});

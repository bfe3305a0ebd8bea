import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createReadCache } from '../../ghl/read-cache.ts';
import type { ReadCache } from '../../ghl/read-cache.ts';
import type { LocationCall } from '../../ghl/calls.ts';
import { here, many, neighbour, openResourceWorld } from './resource-world.ts';
import type { ResourceWorld } from './resource-world.ts';

const MINUTE_MS = 60_000;
let world: ResourceWorld;
let cache: ReadCache;
let nowMs: number;
beforeEach(async () => {
  world = await openResourceWorld();
  nowMs = 1_000;
  cache = createReadCache(world.ghl, { nowMs: () => nowMs });
});
afterEach(() => world.close());

const countReads = () => world.countCalls(/pipelines/);
const seedPipeline = (id: string, locationId = 'loc1') =>
  world.control.seed({ pipelines: [{ id, locationId, name: id, stages: [] }] });
const readIds = async (context: LocationCall = here) => (await cache.read('pipelines', context)).map(({ id }) => id);

describe('a list that changes rarely', () => {
  it('is read once and then again when it is too old', async () => {
    expect(await readIds()).toEqual(['pipe1']);
    await seedPipeline('pipe2');
    nowMs += 9 * MINUTE_MS;
    expect(await readIds()).toEqual(['pipe1']);
    expect(await countReads()).toBe(1);
    nowMs += 2 * MINUTE_MS;
    expect(await readIds()).toEqual(['pipe1', 'pipe2']);
    expect(await countReads()).toBe(2);
  });

  it('is read once for many who ask at the same time', async () => {
    const results = await Promise.all(many(20, () => readIds()));
    expect(results.every((ids) => ids.length === 1)).toBe(true);
    expect(await countReads()).toBe(1);
  });

  it('is read by the urgent for themselves, not after the less urgent', async () => {
    cache = createReadCache(world.openGateway({ timeoutsMs: { listPipelines: 2_000 } }));
    await world.control.addFault({ path: '/pipelines', hang: true, times: 1 });
    const bulk = cache.read('pipelines', { ...here, lane: 'bulk' }).catch((error: unknown) => error);
    await expect.poll(() => world.control.listFaults()).toEqual([]);
    expect(await readIds()).toEqual(['pipe1']);
    expect(await bulk).toMatchObject({ code: 'GhlUnavailable', reason: 'timeout' });
  });
});

describe('what is kept of a location', () => {
  it('is shared with no other location and no other agency', async () => {
    await seedPipeline('pipe9', 'loc2');
    expect(await readIds(here)).toEqual(['pipe1']);
    expect(await readIds(neighbour)).toEqual(['pipe9']);
    const foreign = { ...here, resource: { ...here.resource, agencyId: 'agency-2' } };
    await readIds(foreign);
    expect(await countReads()).toBe(3);
  });

  it('is forgotten when it is told to, and the others stay', async () => {
    for (const context of [here, neighbour]) await readIds(context);
    cache.invalidate(here.resource, 'pipelines');
    await world.control.resetCalls();
    for (const context of [here, neighbour]) await readIds(context);
    expect(await countReads()).toBe(1);
  });

  it('is not what a read under way brings that began before', async () => {
    await world.control.addFault({ path: '/pipelines', latencyMs: 300, times: 1 });
    const early = readIds();
    await expect.poll(() => world.control.listFaults()).toEqual([]);
    cache.invalidate(here.resource, 'pipelines');
    await early;
    await seedPipeline('pipe2');
    expect(await readIds()).toEqual(['pipe1', 'pipe2']);
  });

  it('is no more than what there is room for, the longest unused going first', async () => {
    // A list counts one more than it has records.
    cache = createReadCache(world.ghl, { nowMs: () => nowMs, maxRecords: 4 });
    const foreign = { ...here, resource: { ...here.resource, agencyId: 'agency-2' } };
    await readIds(here);
    await readIds(neighbour);
    await readIds(here);
    expect(await countReads()).toBe(2);
    await readIds(foreign);
    await readIds(here);
    expect(await countReads()).toBe(3);
    await readIds(neighbour);
    expect(await countReads()).toBe(4);
  });
});

describe('a read that fails', () => {
  it('is told to all who wait and tried again by the next', async () => {
    await world.control.addFault({ path: '/pipelines', status: 503, times: 1 });
    const results = await Promise.allSettled(many(3, () => readIds()));
    expect(results.map(({ status }) => status)).toEqual(many(3, () => 'rejected'));
    expect(await readIds()).toEqual(['pipe1']);
    expect(await countReads()).toBe(2);
  });

  it('by a caller who gives up fails for that caller alone', async () => {
    await world.control.addFault({ path: '/pipelines', latencyMs: 300, times: 1 });
    const stop = new AbortController();
    const given = cache.read('pipelines', { ...here, signal: stop.signal });
    const patient = readIds();
    await expect.poll(() => world.control.listFaults()).toEqual([]);
    stop.abort(new Error('stopped by the caller'));
    await expect(given).rejects.toThrow('stopped by the caller');
    expect(await patient).toEqual(['pipe1']);
    expect(await countReads()).toBe(1);
  });
});

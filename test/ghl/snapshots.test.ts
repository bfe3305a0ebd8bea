import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listCustomValues } from '../../ghl/location-setup.ts';
import { updateLocation } from '../../ghl/locations.ts';
import { getSnapshotLoad, listSnapshotLoads, listSnapshots } from '../../ghl/snapshots.ts';
import { agency, here, many, openResourceWorld, readAll } from './resource-world.ts';
import type { ResourceWorld } from './resource-world.ts';

const HOUR_MS = 3_600_000;
let world: ResourceWorld;
beforeEach(async () => {
  world = await openResourceWorld();
  const assets = { tags: ['hot'], custom_values: [{ name: 'Brand', value: 'Acme' }] };
  await world.control.seed({ snapshots: [{ id: 'snap', companyId: 'company1', name: 'Basic', assets }] });
});
afterEach(() => world.close());

describe('a snapshot', () => {
  it('is listed for the agency', async () => {
    expect(await listSnapshots(world.ghl, agency)).toEqual([{ id: 'snap', name: 'Basic', type: 'own' }]);
  });

  it('is loaded step by step after the call that asks for it', async () => {
    await world.control.setBehaviour({ snapshotAssetMs: HOUR_MS });
    const progress = () => getSnapshotLoad(world.ghl, agency, { snapshotId: 'snap', ghlLocationId: 'loc1' });
    await expect(progress()).rejects.toMatchObject({ code: 'GhlNotFound' });
    await updateLocation(world.ghl, agency, 'loc1', { snapshot: { id: 'snap', override: false } });
    expect(await progress()).toMatchObject({ locationId: 'loc1', completed: [], pending: ['tags', 'custom_values'] });
    for (let step = 0; step < 2; step += 1) await world.control.advanceClock(HOUR_MS);
    expect(await progress()).toMatchObject({
      status: 'completed',
      completed: ['tags', 'custom_values'],
      pending: [],
    });
    expect(await listCustomValues(world.ghl, here)).toMatchObject([{ name: 'Brand', value: 'Acme' }]);
  });

  it('lists every location it was loaded into', async () => {
    const ids = many(23, (index) => `more${index}`);
    await world.control.seed({ locations: ids.map((id) => ({ id, companyId: 'company1' })) });
    for (const id of ids) await updateLocation(world.ghl, agency, id, { snapshot: { id: 'snap', override: false } });
    const span = { from: new Date(Date.now() - HOUR_MS), to: new Date(Date.now() + HOUR_MS) };
    const { items } = await readAll((after: string | undefined) =>
      listSnapshotLoads(world.ghl, agency, { snapshotId: 'snap', ...span, limit: 10 }, after),
    );
    expect(items.map(({ locationId }) => locationId)).toEqual([...ids].reverse());
    const before = { from: new Date(0), to: new Date(Date.now() - HOUR_MS), limit: 10 };
    expect(await listSnapshotLoads(world.ghl, agency, { snapshotId: 'snap', ...before })).toMatchObject({ items: [] });
  });
});

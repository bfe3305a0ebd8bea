import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensurePasses, savePass, findPass } from '../../db/poll-passes.ts';
import { isPollable, listDueLocations } from '../../db/poll-turns.ts';
import { withScope, withSystemRole } from '../../db/scope.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { plantTenant, type Tenant } from './plant-tenant.ts';

let database: TestDatabase;
let one: Tenant;
let two: Tenant;
beforeAll(async () => {
  database = await createTestDatabase();
  one = await plantTenant(database.ownerDb, 'one');
  two = await plantTenant(database.ownerDb, 'two');
  await database.ownerDb.updateTable('locations').set({ installed_at: new Date() }).execute();
  await database.ownerDb.deleteFrom('poll_passes').execute();
});
afterAll(() => database.drop());

const due = async (limit = 100) =>
  (await withSystemRole(database.db, 'upkeep', (tx) => listDueLocations(tx, limit))).map((each) => each.locationId);
const setStatus = (status: 'active' | 'needs_reauth' | 'uninstalled') =>
  database.ownerDb.updateTable('installs').set({ status }).where('location_id', '=', one.nearId).execute();

it('finds locations of all tenants whose authority is alive, those never polled first, the longest due next', async () => {
  expect((await due()).sort()).toEqual([one.nearId, two.nearId].sort());
  const ofNear = { agencyId: one.agencyId, locationId: one.nearId };
  const pass = [{ resource: 'contact', kind: 'delta' } as const];
  const inScope = { agencyId: one.agencyId };
  await withScope(database.db, inScope, (tx) => ensurePasses(tx, ofNear, pass, new Date(Date.now() - 1_000)));
  expect(await due()).toEqual([two.nearId, one.nearId]);
  expect(await due(1)).toEqual([two.nearId]);
  const ref = { locationId: one.nearId, resource: 'contact', kind: 'delta' } as const;
  await withScope(database.db, inScope, async (tx) => {
    const found = (await findPass(tx, ref))!;
    expect(await savePass(tx, found, { due_at: new Date(Date.now() + 60_000) })).toMatchObject({ version: 1 });
    // Read before that: somebody else was faster.
    expect(await savePass(tx, found, { due_at: new Date(0) })).toBeUndefined();
  });
  expect(await due()).toEqual([two.nearId]);
});

it('lets those come last in which a pass is under way, however long it has been due', async () => {
  const agencies = [one, two] as const;
  for (const [index, { agencyId, nearId }] of agencies.entries()) {
    const ref = { locationId: nearId, resource: 'contact', kind: 'delta' } as const;
    await withScope(database.db, { agencyId }, async (tx) => {
      await ensurePasses(tx, { agencyId, locationId: nearId }, [{ resource: 'contact', kind: 'delta' }], new Date());
      const dueAt = new Date(Date.now() - (index === 0 ? 7_200_000 : 1_000));
      await savePass(tx, (await findPass(tx, ref))!, { due_at: dueAt, started_at: index === 0 ? dueAt : null });
    });
  }
  expect(await due()).toEqual([two.nearId, one.nearId]);
  expect(await due(1)).toEqual([two.nearId]);
});

it('leaves out a location whose authority is dead, also where its agency’s is alive', async () => {
  const pollable = () => withScope(database.db, { agencyId: one.agencyId }, (tx) => isPollable(tx, one.nearId));
  await database.ownerDb.deleteFrom('poll_passes').execute();
  expect(await pollable()).toBe(true);
  for (const status of ['needs_reauth', 'uninstalled'] as const) {
    await setStatus(status);
    expect(await due()).toEqual([two.nearId]);
    expect(await pollable()).toBe(false);
  }
  await setStatus('active');
  expect(await due()).toContain(one.nearId);
  expect(await withScope(database.db, { agencyId: two.agencyId }, (tx) => isPollable(tx, one.nearId))).toBe(false);
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../stack/activity-bench.ts';
import { waitFor } from '../stack/wait.ts';
import { waitForLock } from '../stack/wait-for-lock.ts';
import { failureOf } from './failure.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { expectToRepeat } from './picture.ts';

let all: Neighbours;
beforeAll(async () => {
  all = await startNeighbours();
});
afterAll(() => all.bench.stop());

const installOf = async (locationKey: string | null) => {
  const { bench, agency } = all;
  const query = bench.database.ownerDb.selectFrom('installs').selectAll().where('agency_id', '=', agency.agencyId);
  return locationKey === null
    ? query.where('location_id', 'is', null).executeTakeFirst()
    : query.where('location_id', '=', agency.location(locationKey)).executeTakeFirst();
};
const argsOf = (locationKey: string) => ({
  agencyId: all.agency.agencyId,
  locationId: all.agency.location(locationKey),
});

it('obtains a location’s token once', async () => {
  const { bench } = all;
  await expectToRepeat(bench, all, bench.accountsGhl.obtainToken, argsOf('chelsea'));
  expect(await installOf('chelsea')).toMatchObject({ status: 'active', user_type: 'Location', token_version: 1 });
  const minted = (await bench.simulator.getCalls()).counts['POST /oauth/locationToken 201'];
  expect(minted).toBe(2); // the neighbour's lead needed one as well
});

it('obtains it once when five attempts start at the same moment', async () => {
  const { bench } = all;
  await Promise.all([1, 2, 3, 4, 5].map((attempt) => run(bench.accountsGhl.obtainToken, argsOf('east'), { attempt })));
  expect(await installOf('east')).toMatchObject({ status: 'active', token_version: 1 });
});

it('obtains a new token for a location that was uninstalled and is installed again', async () => {
  const { bench, agency } = all;
  await run(bench.accountsGhl.obtainToken, argsOf('cambridge'));
  const locationId = agency.ghlLocation('cambridge');
  const apply = async (type: 'INSTALL' | 'UNINSTALL') => {
    const event = await agency.event({ type, locationId, timestamp: new Date().toISOString() }, 'cambridge');
    return run(bench.accounts.applyAccountEvent, { agencyId: agency.agencyId, event });
  };
  await bench.simulator.uninstall({ locationId });
  await apply('UNINSTALL');
  expect(await installOf('cambridge')).toMatchObject({ status: 'uninstalled' });
  // Nothing is to be had for an account that has removed the app.
  await expectToRepeat(bench, all, bench.accountsGhl.obtainToken, argsOf('cambridge'));
  expect(await installOf('cambridge')).toMatchObject({ status: 'uninstalled' });
  await bench.simulator.install({ locationId });
  await apply('INSTALL');
  await expectToRepeat(bench, all, bench.accountsGhl.obtainToken, argsOf('cambridge'));
  expect(await installOf('cambridge')).toMatchObject({ status: 'active' });
});

it('waits for an agency that is not connected yet', async () => {
  const { bench, agency } = all;
  const setStatus = (status: 'active' | 'uninstalled') =>
    bench.database.ownerDb
      .updateTable('installs')
      .set({ status })
      .where('agency_id', '=', agency.agencyId)
      .where('location_id', 'is', null)
      .execute();
  await setStatus('uninstalled');
  const failure = await failureOf(run(bench.accountsGhl.obtainToken, argsOf('back-bay')));
  expect(failure).toMatchObject({ type: 'AgencyNotConnected', nonRetryable: false });
  await setStatus('active');
  await expectToRepeat(bench, all, bench.accountsGhl.obtainToken, argsOf('back-bay'));
});

describe('an UNINSTALL while GHL makes a token', () => {
  const apply = async (locationKey: string) => {
    const { bench, agency } = all;
    const body = {
      type: 'UNINSTALL',
      locationId: agency.ghlLocation(locationKey),
      timestamp: new Date().toISOString(),
    };
    const event = await agency.event(body, locationKey);
    return run(bench.accounts.applyAccountEvent, { agencyId: agency.agencyId, event });
  };
  /** Makes one call wait in GHL. @returns what resolves when it waits there */
  const slowly = async (path: string): Promise<() => Promise<void>> => {
    const { simulator } = all.bench;
    await simulator.addFault({ path, latencyMs: 1_500 });
    return async () => {
      await waitFor('GHL to be asked', async () => (await simulator.listFaults()).some((fault) => fault.struck > 0));
      await simulator.clearFaults();
    };
  };

  it('is not undone by it, where the location had none', async () => {
    const { bench } = all;
    await bench.database.ownerDb
      .deleteFrom('installs')
      .where('location_id', '=', all.agency.location('chelsea'))
      .execute();
    const isAsked = await slowly('/oauth/locationToken');
    const obtaining = run(bench.accountsGhl.obtainToken, argsOf('chelsea')).catch((error: unknown) => error);
    await isAsked();
    await apply('chelsea');
    expect(await obtaining).toMatchObject({ type: 'AgencyNotConnected', nonRetryable: false });
    expect(await installOf('chelsea')).toBeUndefined();
    // The next attempt finds that there is nothing to obtain any more.
    await run(bench.accountsGhl.obtainToken, argsOf('chelsea'));
    expect(await installOf('chelsea')).toBeUndefined();
  });

  it.each([
    ['made', '/oauth/locationToken', { refresh_token: null }],
    ['refreshed', '/oauth/token', {}],
  ])('is not undone by one that is %s', async (_how, path, change) => {
    const { bench } = all;
    const locationId = all.agency.location('east');
    const { ownerDb } = bench.database;
    await ownerDb.updateTable('locations').set({ installed_at: new Date() }).where('id', '=', locationId).execute();
    await ownerDb.deleteFrom('installs').where('location_id', '=', locationId).execute();
    await run(bench.accountsGhl.obtainToken, argsOf('east'));
    const over = { ...change, expires_at: new Date(0) };
    await ownerDb.updateTable('installs').set(over).where('location_id', '=', locationId).execute();
    const isAsked = await slowly(path);
    const obtaining = run(bench.accountsGhl.obtainToken, argsOf('east')).catch((error: unknown) => error);
    await isAsked();
    await apply('east');
    expect(await obtaining).toMatchObject({ type: 'AgencyNotConnected' });
    expect(await installOf('east')).toMatchObject({ status: 'uninstalled' });
  });

  it('finds a token that is being stored at the same moment, and ends it', async () => {
    const { bench, agency } = all;
    const locationId = agency.location('master');
    const { ownerDb } = bench.database;
    await run(bench.accountsGhl.obtainToken, argsOf('master'));
    const row = (await installOf('master'))!;
    await ownerDb.deleteFrom('installs').where('id', '=', row.id).execute();
    let applied: Promise<unknown> | undefined;
    await ownerDb.transaction().execute(async (storing) => {
      await storing.selectFrom('locations').select('id').where('id', '=', locationId).forShare().execute();
      await storing.insertInto('installs').values(row).execute();
      applied = apply('master');
      await waitForLock(bench.database);
    });
    await applied;
    expect(await installOf('master')).toMatchObject({ status: 'uninstalled' });
  });
});

import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../stack/activity-bench.ts';
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

import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../stack/wait.ts';
import { Browser, makeLink, plantUnconnected } from './connecting.ts';
import { type LiveSystem, startLiveSystem } from './live-system.ts';

const LOCATIONS = 500;
/** GHL's own is 10 s long; the gateway learns this one from the headers. Still longer than the machine needs for its 100. */
const WINDOW_MS = 8_000;

let live: LiveSystem;
beforeAll(async () => {
  live = await startLiveSystem();
});
afterAll(() => live.stop());

it('connects an agency with 500 locations, whose INSTALLs come all at once, inside GHL’s limits', async () => {
  const agency = await plantUnconnected(live, 'many', { locations: LOCATIONS, rateWindowMs: WINDOW_MS });
  const { ownerDb } = live.database;
  const browser = new Browser(live);
  const page = await browser.open(await makeLink(live, agency.key));
  const address = await browser.choose(page, { companyId: agency.companyId, all: 'true' });
  // GHL tells of them before the code is exchanged.
  await waitFor('the first INSTALLs', async () => {
    const events = await ownerDb.selectFrom('events').select('id').where('type', '=', 'INSTALL').execute();
    return events.length > 10;
  });
  expect(await ownerDb.selectFrom('installs').select('id').execute()).toEqual([]);
  expect((await browser.comeBack(address)).status).toBe(200);
  await waitFor(
    'all tokens',
    async () => {
      const { count } = await ownerDb
        .selectFrom('installs')
        .select(({ fn }) => fn.countAll<string>().as('count'))
        .where('location_id', 'is not', null)
        .where('status', '=', 'active')
        .executeTakeFirstOrThrow();
      return Number(count) === LOCATIONS;
    },
    240_000,
  );
  const locations = await ownerDb.selectFrom('locations').select('name').where('kind', '=', 'location').execute();
  expect(locations).toHaveLength(LOCATIONS);
  expect(locations.filter(({ name }) => !name.startsWith('many number '))).toEqual([]);
  const { counts } = await live.simulator.getCalls();
  expect(Object.keys(counts).filter((call) => call.endsWith(' 429'))).toEqual([]);
  const company = (await live.simulator.listLimits()).find((each) => each.resource.includes('many-company'));
  expect(company).toMatchObject({ refused: 0 });
  expect(company!.highestInSlidingWindow).toBeLessThanOrEqual(100);
  // More was wanted than the window has.
  expect(company!.highestInSlidingWindow).toBeGreaterThan(50);
  // Each was made once, or twice where an INSTALL and the link's workflow asked at the same moment.
  expect(company!.allowed).toBeLessThan(LOCATIONS * 1.2);
  expect(await ownerDb.selectFrom('dead_letters').selectAll().execute()).toEqual([]);
}, 300_000);

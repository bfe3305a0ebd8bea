import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type JitterProxy, startJitterProxy } from '../../bench/jitter.ts';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { createDatabase } from '../../db/database.ts';
import { createBreakerStore } from '../../db/ghl-breakers.ts';
import { createBudgetStore } from '../../db/ghl-budgets.ts';
import { createTokenStore } from '../../db/installs.ts';
import { GhlRateLimitedError } from '../../ghl/errors.ts';
import { createGhlGateway, type GhlGateway } from '../../ghl/gateway.ts';
import { getLocation } from '../../ghl/locations.ts';
import type { GhlLocationResource } from '../../ghl/resource.ts';
import { ghlIds } from '../../scripts/demo/agency-plan.ts';
import { plantAgency } from '../../scripts/demo/plant-agency.ts';
import { type ControlClient, createControlClient } from '../../simulator/control-client.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { TEST_APP } from '../stack/system.ts';

const DAILY = 80;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const keys = parseKeyRing(`1:${randomBytes(32).toString('base64')}`);
let database: TestDatabase;
let simulator: Awaited<ReturnType<typeof startSimulator>>;
let control: ControlClient;
let proxy: JitterProxy;
/** GHL's clock, ours and Postgres' are moved together. */
let movedMs = 0;
const now = (): Date => new Date(Date.now() + movedMs);
async function moveClocks(ms: number): Promise<void> {
  movedMs += ms;
  await control.advanceClock(ms);
}

beforeAll(async () => {
  [database, simulator] = await Promise.all([createTestDatabase(), startSimulator({ port: 0, seed: 'day' })]);
  proxy = await startJitterProxy(simulator.url, 60);
  control = createControlClient(simulator.url);
});
afterAll(async () => {
  await proxy.close();
  await simulator.close();
  await database.drop();
});

/** A location of an agency of its own, with a small daily limit. */
async function plant(key: string): Promise<GhlLocationResource> {
  const soil = { db: database.db, keys, simulator: control, app: TEST_APP, webhookUrl: null };
  const { agencyId, locations } = await plantAgency(smallAgency(key), soil);
  const ghlLocationId = ghlIds.location(key, 'chelsea');
  await control.changeLocation(ghlLocationId, { rateLimit: { max: 1_000, daily: DAILY } });
  return {
    kind: 'location',
    agencyId,
    ghlCompanyId: ghlIds.company(key),
    locationId: locations.get('chelsea')!,
    ghlLocationId,
  };
}

/** Three processes: what they know in common is in Postgres, and each forgets the rest when it is dropped. */
function startProcesses(): { gateways: GhlGateway[]; drop(): Promise<void> } {
  const processes = Array.from({ length: 3 }, () => {
    const db = createDatabase({ url: database.url, poolSize: 6 });
    const gateway = createGhlGateway({
      baseUrl: proxy.url,
      app: TEST_APP,
      tokens: createTokenStore(db, keys),
      budget: createBudgetStore(db, now),
      breakers: createBreakerStore(db),
      now,
    });
    return { db, gateway };
  });
  return {
    gateways: processes.map(({ gateway }) => gateway),
    async drop() {
      for (const { gateway } of processes) await gateway.close();
      for (const { db } of processes) await db.destroy();
    },
  };
}

const useOf = async ({ ghlLocationId }: GhlLocationResource) =>
  (await control.listLimits()).find(({ resource }) => resource === ghlLocationId)!;

/** Calls, four callers in each process, until each is told to wait. @returns for how long, in milliseconds */
async function spend(gateways: readonly GhlGateway[], resource: GhlLocationResource): Promise<number[]> {
  const callers = gateways.flatMap((gateway) => Array.from({ length: 4 }, () => spendWith(gateway, resource)));
  return Promise.all(callers);
}

async function spendWith(gateway: GhlGateway, resource: GhlLocationResource): Promise<number> {
  for (;;) {
    try {
      await getLocation(gateway, { resource, lane: 'interactive' });
    } catch (error) {
      if (!(error instanceof GhlRateLimitedError)) throw error;
      expect(error.reason).toBe('budget');
      // A process that does not know the limit yet asks again soon.
      if (error.retryAfterMs! > 2_000) return error.retryAfterMs!;
    }
  }
}

/** Calls past our budget, with the same app. */
async function callAsAnother(resource: GhlLocationResource, times: number): Promise<void> {
  const { ghlCompanyId: companyId, ghlLocationId: locationId } = resource;
  const token = `another-${locationId}`;
  const { clientId } = TEST_APP;
  await control.seed({ tokens: [{ token, class: 'Location', kind: 'oauth', clientId, companyId, locationId }] });
  const headers = { authorization: `Bearer ${token}`, version: '2021-07-28' };
  const url = `${simulator.url}/locations/${resource.ghlLocationId}`;
  const answers = await Promise.all(Array.from({ length: times }, () => fetch(url, { headers })));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
}

describe('a day’s limit of GHL', () => {
  it('holds although all processes are dropped in the middle of it, and the next day is used again', async () => {
    const resource = await plant('restart');
    // GHL's day began when another used the location, which only GHL knows.
    await callAsAnother(resource, 1);
    await moveClocks(6 * HOUR_MS);
    const first = startProcesses();
    // One call alone shows what another has used: behind calls that are on their way it would stay hidden.
    await getLocation(first.gateways[0]!, { resource, lane: 'interactive' });
    // So slow that a busy machine, too, sees the day in its middle.
    await control.addFault({ latencyMs: 500 });
    const cut = spend(first.gateways, resource).catch((error: unknown) => error);
    await expect.poll(async () => (await useOf(resource))?.allowed ?? 0, { interval: 10 }).toBeGreaterThan(DAILY / 5);
    await first.drop();
    await control.clearFaults();
    expect(await cut).toBeInstanceOf(Error);
    expect((await useOf(resource)).allowed).toBeLessThan(DAILY);

    const second = startProcesses();
    await spend(second.gateways, resource);
    await second.drop();
    const spent = await useOf(resource);
    expect(spent.refused).toBe(0);
    expect(spent.allowed).toBeLessThanOrEqual(DAILY);
    // What was cut off may not have reached GHL, and counts all the same.
    expect(spent.allowed).toBeGreaterThan(DAILY - 12);

    // Those who start when nothing is left do not even try, and are told when to: GHL's day ends in four minutes.
    await moveClocks(18 * HOUR_MS - 4 * MINUTE_MS);
    const third = startProcesses();
    const waitsMs = await spend(third.gateways, resource);
    expect(await useOf(resource)).toMatchObject({ allowed: spent.allowed, refused: 0 });
    for (const waitMs of waitsMs) {
      expect(waitMs).toBeLessThanOrEqual(4 * MINUTE_MS + 1_000);
      expect(waitMs).toBeGreaterThan(3 * MINUTE_MS);
    }
    await moveClocks(Math.max(...waitsMs));
    await spend(third.gateways, resource);
    await third.drop();
    const renewed = await useOf(resource);
    expect(renewed.refused).toBe(0);
    expect(renewed.allowed).toBe(spent.allowed + DAILY);
  });

  it('is kept when another has used a part of it with the same app', async () => {
    const resource = await plant('others');
    const processes = startProcesses();
    await getLocation(processes.gateways[0]!, { resource, lane: 'interactive' });
    await callAsAnother(resource, DAILY / 2);
    // One answer tells.
    await getLocation(processes.gateways[1]!, { resource, lane: 'interactive' });
    await spend(processes.gateways, resource);
    await processes.drop();
    expect(await useOf(resource)).toMatchObject({ allowed: DAILY, refused: 0 });
  });
});

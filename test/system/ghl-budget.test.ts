import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type JitterProxy, startJitterProxy } from '../../bench/jitter.ts';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { createDatabase } from '../../db/database.ts';
import { createBreakerStore } from '../../db/ghl-breakers.ts';
import { createBudgetStore } from '../../db/ghl-budgets.ts';
import { createTokenStore } from '../../db/installs.ts';
import type { Lane } from '../../domain/ghl-budget.ts';
import { GhlRateLimitedError } from '../../ghl/errors.ts';
import { createGhlGateway, type GhlGateway } from '../../ghl/gateway.ts';
import { getLocation } from '../../ghl/locations.ts';
import type { GhlLocationResource } from '../../ghl/resource.ts';
import { ghlIds } from '../../scripts/demo/agency-plan.ts';
import { plantAgency } from '../../scripts/demo/plant-agency.ts';
import { createControlClient } from '../../simulator/control-client.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { TEST_APP } from '../stack/system.ts';

/** GHL's own window is 10 s long; the gateway learns these from the headers. */
const LEAST_WINDOW_MS = 2_000;
/** A request counts until a window after its answer: what answers take must be a small part of a window, or much is left unused. */
const ANSWERS_PER_WINDOW = 12;
const LIMIT = 40;
const WINDOWS = 3;
/** Who calls at the same time. */
const CALLERS = 12;

const keys = parseKeyRing(`1:${randomBytes(32).toString('base64')}`);
let database: TestDatabase;
let simulator: Awaited<ReturnType<typeof startSimulator>>;
let proxy: JitterProxy;
let gateways: GhlGateway[];
const pools: ReturnType<typeof createDatabase>[] = [];
beforeAll(async () => {
  [database, simulator] = await Promise.all([createTestDatabase(), startSimulator({ port: 0, seed: 'budget' })]);
  proxy = await startJitterProxy(simulator.url, 100);
  gateways = [0, 1].map(() => {
    const db = createDatabase({ url: database.url, poolSize: 8 });
    pools.push(db);
    return createGhlGateway({
      baseUrl: proxy.url,
      app: TEST_APP,
      tokens: createTokenStore(db, keys),
      budget: createBudgetStore(db),
      breakers: createBreakerStore(db),
    });
  });
});
afterAll(async () => {
  for (const gateway of gateways) await gateway.close();
  for (const db of pools) await db.destroy();
  await proxy.close();
  await simulator.close();
  await database.drop();
});

interface Planted {
  resource: GhlLocationResource;
  windowMs: number;
}

/** Calls as hard as it may for three windows. @returns how long each call took from its first try, in milliseconds */
async function push(ghl: GhlGateway, planted: Planted, lane: Lane, pauseMs = 0): Promise<number[]> {
  const { resource, windowMs } = planted;
  const endsAtMs = Date.now() + WINDOWS * windowMs;
  const latenciesMs: number[] = [];
  let startedMs = performance.now();
  while (Date.now() < endsAtMs) {
    try {
      await getLocation(ghl, { resource, lane });
      latenciesMs.push(performance.now() - startedMs);
      if (pauseMs > 0) await sleep(pauseMs);
      startedMs = performance.now();
    } catch (error) {
      if (!(error instanceof GhlRateLimitedError)) throw error;
      await sleep(Math.min(error.retryAfterMs ?? 100, Math.max(1, endsAtMs - Date.now())));
    }
  }
  return latenciesMs;
}

/** How long a machine as busy as this one takes over an answer, in milliseconds: of as many at once, the slowest. */
async function measureAnswer(resource: GhlLocationResource): Promise<number> {
  const slowestMs: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const startedMs = performance.now();
    const calls = Array.from({ length: CALLERS }, (_, turn) =>
      getLocation(gateways[turn % 2]!, { resource, lane: 'interactive' }),
    );
    await Promise.all(calls);
    slowestMs.push(performance.now() - startedMs);
  }
  // The first round learns the limit and the tokens.
  return Math.max(...slowestMs.slice(1));
}

async function plant(key: string, window: 'fixed' | 'sliding'): Promise<Planted> {
  const control = createControlClient(simulator.url);
  await control.setBehaviour({ rateWindow: window });
  const soil = { db: database.db, keys, simulator: control, app: TEST_APP, webhookUrl: null };
  const { agencyId, locations } = await plantAgency(smallAgency(key), soil);
  const resourceOf = (name: string): GhlLocationResource => {
    const ids = { locationId: locations.get(name)!, ghlLocationId: ghlIds.location(key, name) };
    return { kind: 'location', agencyId, ghlCompanyId: ghlIds.company(key), ...ids };
  };
  await control.changeLocation(ghlIds.location(key, 'back-bay'), { rateLimit: { max: 10_000 } });
  const answerMs = await measureAnswer(resourceOf('back-bay'));
  const windowMs = Math.max(LEAST_WINDOW_MS, Math.ceil(answerMs) * ANSWERS_PER_WINDOW);
  const resource = resourceOf('chelsea');
  await control.changeLocation(resource.ghlLocationId, { rateLimit: { max: LIMIT, intervalMs: windowMs } });
  return { resource, windowMs };
}

const useOf = async ({ resource: { ghlLocationId } }: Planted) =>
  (await createControlClient(simulator.url).listLimits()).find(({ resource }) => resource === ghlLocationId)!;

describe('two processes that push one location as hard as they may, over a network that delays at random', () => {
  it.each(['fixed', 'sliding'] as const)('meet no 429 under %s windows, and leave little unused', async (window) => {
    const planted = await plant(window, window);
    const callers = Array.from({ length: CALLERS }, (_, turn) => push(gateways[turn % 2]!, planted, 'interactive'));
    await Promise.all(callers);
    const use = await useOf(planted);
    expect(use.refused).toBe(0);
    expect(use.allowed).toBeGreaterThan(LIMIT * 2);
    expect(use[window === 'fixed' ? 'highestInFixedWindow' : 'highestInSlidingWindow']).toBeLessThanOrEqual(LIMIT);
  });

  it('leave a lead its turn while a bulk run takes all it may', async () => {
    const planted = await plant('bulk', 'fixed');
    const bulk = Array.from({ length: CALLERS - 2 }, (_, turn) => push(gateways[turn % 2]!, planted, 'bulk'));
    const [latenciesMs] = await Promise.all([push(gateways[0]!, planted, 'interactive', 100), ...bulk]);
    const sorted = latenciesMs.sort((one, other) => one - other);
    expect(sorted.length).toBeGreaterThan(10);
    // Who waits for the window waits longer.
    expect(sorted[Math.floor(sorted.length * 0.95)]).toBeLessThan(planted.windowMs / 2);
    expect((await useOf(planted)).refused).toBe(0);
  });
});

import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDatabase } from '../../db/database.ts';
import { createBreakerStore } from '../../db/ghl-breakers.ts';
import { createBudgetStore } from '../../db/ghl-budgets.ts';
import { createTokenStore, saveInstall } from '../../db/installs.ts';
import { withScope } from '../../db/scope.ts';
import type { LocationCall } from '../../ghl/calls.ts';
import { createGhlGateway } from '../../ghl/gateway.ts';
import { getLocation } from '../../ghl/locations.ts';
import { BENCH_APP, type ActivityBench, startActivityBench } from '../stack/activity-bench.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { waitFor } from '../stack/wait.ts';
import { type BenchAgency, createBenchAgency } from './bench-agency.ts';

let bench: ActivityBench;
let agency: BenchAgency;
beforeAll(async () => {
  bench = await startActivityBench();
  agency = createBenchAgency(bench, 'one', await bench.plant(smallAgency('one')));
  // The location stands alone: no other authority can make it a token.
  await bench.database.ownerDb.updateTable('installs').set({ status: 'uninstalled' }).execute();
});
afterAll(() => bench.stop());

let runs = 0;
let call: LocationCall;
beforeEach(async () => {
  await bench.simulator.clearFaults();
  await bench.simulator.setBehaviour({ refreshGraceMs: 30_000 });
  // Open for half a minute, a breaker would make one test's failure that of the next.
  await bench.database.ownerDb.deleteFrom('ghl_breakers').execute();
  runs += 1;
  const { agencyId } = agency;
  const locationId = agency.location('back-bay');
  const ghlLocationId = agency.ghlLocation('back-bay');
  call = {
    resource: { kind: 'location', agencyId, ghlCompanyId: 'one-company', locationId, ghlLocationId },
    lane: 'interactive',
  };
  const of = { class: 'Location' as const, companyId: 'one-company', locationId: ghlLocationId };
  const [accessToken, refreshToken] = [`access-${runs}`, `refresh-${runs}`];
  await bench.simulator.seed({
    tokens: [{ ...of, token: accessToken, refreshToken, expiresInSeconds: -1, clientId: BENCH_APP.clientId }],
  });
  const owner = { agencyId, locationId, kind: 'oauth' as const, userType: 'Location' as const };
  // By our clock it is good for hours: only GHL's refusal tells that it is over.
  const tokens = { accessToken, refreshToken, expiresAt: new Date(Date.now() + 7_200_000), scopes: [] };
  await withScope(bench.database.db, { agencyId }, (tx) =>
    saveInstall(tx, bench.keys, { ...owner, ...tokens }, new Date()),
  );
  await bench.simulator.resetCalls();
});

/** What a process of its own has: a pool, a gateway, and nothing in common with the others but Postgres. */
const closing: (() => Promise<void>)[] = [];
function openProcess(): ReturnType<typeof createGhlGateway> {
  const db = createDatabase({ url: bench.database.url, poolSize: 2, connectTimeoutMs: 15_000 });
  const gateway = createGhlGateway({
    baseUrl: bench.simulatorUrl,
    app: BENCH_APP,
    tokens: createTokenStore(db, bench.keys),
    budget: createBudgetStore(db),
    breakers: createBreakerStore(db),
    maxBudgetWaitMs: 15_000,
    // The machine may take long over eighty calls at once; GHL answers.
    timeoutsMs: { getLocation: 30_000, requestToken: 30_000 },
  });
  closing.push(async () => {
    await gateway.close();
    await db.destroy();
  });
  return gateway;
}
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

const refreshes = async (): Promise<number> => {
  const { counts } = await bench.simulator.getCalls();
  return Object.entries(counts)
    .filter(([name]) => name.startsWith('POST /oauth/token'))
    .reduce((sum, [, count]) => sum + count, 0);
};
const install = () =>
  bench.database.ownerDb
    .selectFrom('installs')
    .selectAll()
    .where('location_id', '=', agency.location('back-bay'))
    .executeTakeFirstOrThrow();
/** How long GHL takes over a refresh: longer than any statement of ours, on a busy machine as well. */
const REFRESH_MS = 5_000;
/** Transactions that have been open while nothing was asked of Postgres, as long as they would be behind a refresh. */
const heldOpen = async (): Promise<number> => {
  const found = await sql<{ held: number }>`
    select count(*)::int as held from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
      and state like 'idle in transaction%' and state_change < now() - interval '3 seconds'
  `.execute(bench.database.ownerDb);
  return found.rows[0]!.held;
};

describe('an expired token of one location', () => {
  it('is refreshed once for eight processes with ten calls each; none sees a 401, and no connection is held', async () => {
    await bench.simulator.addFault({ path: '/oauth/token', latencyMs: REFRESH_MS });
    const processes = Array.from({ length: 8 }, openProcess);
    const calls = processes.flatMap((gateway) => Array.from({ length: 10 }, () => getLocation(gateway, call)));
    let isOver = false;
    const done = Promise.allSettled(calls).finally(() => (isOver = true));
    await waitFor('the refresh', async () => (await bench.simulator.listFaults()).some((fault) => fault.struck > 0));
    let looks = 0;
    await waitFor('the end', async () => {
      looks += 1;
      expect(await heldOpen()).toBe(0);
      return isOver;
    });
    expect(looks).toBeGreaterThan(3);
    expect((await done).map(({ status }) => status)).toEqual(Array.from({ length: 80 }, () => 'fulfilled'));
    expect(await refreshes()).toBe(1);
    expect(await install()).toMatchObject({ status: 'active', token_version: 2 + (runs - 1) * 2, lease_owner: null });
  });

  it('is recovered within the grace when the answer is lost', async () => {
    await bench.simulator.addFault({ path: '/oauth/token', cutAfterCommit: true, times: 1 });
    await getLocation(openProcess(), call);
    expect(await refreshes()).toBe(2);
    expect(await install()).toMatchObject({ status: 'active' });
  });

  it('is recovered by another process when the first loses both answers and dies', async () => {
    await bench.simulator.addFault({ path: '/oauth/token', cutAfterCommit: true, times: 2 });
    await expect(getLocation(openProcess(), call)).rejects.toMatchObject({ code: 'GhlUnavailable' });
    expect(await install()).toMatchObject({ status: 'active' });
    await getLocation(openProcess(), call);
    expect(await refreshes()).toBe(3);
  });

  it('needs a person when the grace is over by then, and is never asked for in a loop', async () => {
    await bench.simulator.addFault({ path: '/oauth/token', cutAfterCommit: true, times: 2 });
    await expect(getLocation(openProcess(), call)).rejects.toMatchObject({ code: 'GhlUnavailable' });
    await bench.simulator.setBehaviour({ refreshGraceMs: 0 });
    await bench.simulator.advanceClock(1_000);
    await expect(getLocation(openProcess(), call)).rejects.toMatchObject({ code: 'GhlAuthExpired' });
    expect(await install()).toMatchObject({ status: 'needs_reauth', status_reason: 'grant-refused' });
    const letters = await agency.letters();
    expect(letters.map(({ cause, subject_kind }) => [cause, subject_kind])).toEqual([
      ['needs-reauth:grant-refused', 'install'],
    ]);
    await bench.simulator.resetCalls();
    const again = Array.from({ length: 8 }, () => getLocation(openProcess(), call));
    for (const each of await Promise.allSettled(again)) {
      expect(each).toMatchObject({ status: 'rejected', reason: { code: 'GhlAuthExpired', reason: 'needs-reauth' } });
    }
    expect((await bench.simulator.getCalls()).counts).toEqual({});
    expect(await agency.letters()).toHaveLength(1);
  });
});

import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseKeyRing } from '../crypto/key-ring.ts';
import { createDatabase } from '../db/database.ts';
import type { GhlLocationResource } from '../ghl/resource.ts';
import { type AgencyPlan, ghlIds } from '../scripts/demo/agency-plan.ts';
import { plantAgency } from '../scripts/demo/plant-agency.ts';
import type { Log } from '../scripts/stack/progress.ts';
import { createControlClient } from '../simulator/control-client.ts';
import { startSimulator } from '../simulator/simulator.ts';
import type { PusherReport, PusherTask } from './budget-pusher.ts';
import { startJitterProxy } from './jitter.ts';
import { startBenchDatabase } from './postgres.ts';
import { quantile } from './spread.ts';

export interface BudgetCase {
  name: string;
  window: 'fixed' | 'sliding';
  /** GHL's limit for each location; the gateway has to learn it. */
  limit: number;
  /** The longest delay of the network each way, in milliseconds. */
  jitterMs: number;
  /** A bulk run on the first location, and one caller of `interactive` beside it. */
  withBulk?: boolean;
}

export interface BudgetResult extends BudgetCase {
  seconds: number;
  /** As the simulator counted. */
  allowed: number;
  refused: number;
  /** Of the most that its windows would have allowed in that time, a share from 0 to 1. */
  used: number;
  highestInWindow: number;
  interactiveP95Ms: number | null;
  /** How often a call was tried again because Postgres was too busy. */
  storageRetries: number;
  /** Errors that were neither a limit nor Postgres', by reason. */
  otherErrors: Record<string, number>;
}

export const BUDGET_CASES: BudgetCase[] = [
  { name: 'fixed windows', window: 'fixed', limit: 100, jitterMs: 150 },
  { name: 'sliding windows', window: 'sliding', limit: 100, jitterMs: 150 },
  { name: 'a sandbox, fixed', window: 'fixed', limit: 25, jitterMs: 150 },
  { name: 'a sandbox, sliding', window: 'sliding', limit: 25, jitterMs: 150 },
  { name: 'bulk beside a lead', window: 'fixed', limit: 100, jitterMs: 150, withBulk: true },
];

const APP = { clientId: '0123456789abcdef01234567-abcdefgh', clientSecret: 'secret-of-the-bench-app' };
export const PROCESSES = 4;
const WINDOW_MS = 10_000;
export const LOCATIONS = ['one', 'two', 'three'];
const PLAN: AgencyPlan = {
  key: 'bench',
  name: 'Bench',
  locations: [
    { key: 'master', kind: 'master', parentKey: null, name: 'Master', postcode: '10001', reps: [] },
    ...LOCATIONS.map((key) => ({
      key,
      kind: 'location' as const,
      parentKey: 'master',
      name: key,
      postcode: '10001',
      reps: [],
    })),
  ],
};

/**
 * Four processes call three locations as hard as they may, over a network that delays at random. GHL is the simulator:
 * it counts, not the gateway.
 */
export async function measureBudget(cases: readonly BudgetCase[], seconds: number, log: Log): Promise<BudgetResult[]> {
  const postgres = await startBenchDatabase(log);
  const results: BudgetResult[] = [];
  try {
    for (const [turn, each] of cases.entries()) {
      log(`${each.name}: ${seconds} s`);
      results.push(await measureCase(each, { seconds, databaseUrl: postgres.url, key: `bench${turn}` }));
    }
  } finally {
    await postgres.stop();
  }
  return results;
}

async function measureCase(
  given: BudgetCase,
  { seconds, databaseUrl, key }: { seconds: number; databaseUrl: string; key: string },
): Promise<BudgetResult> {
  const encryptionKeys = `1:${randomBytes(32).toString('base64')}`;
  const simulator = await startSimulator({ port: 0 });
  const proxy = await startJitterProxy(simulator.url, given.jitterMs);
  // Only prepares: a machine that is busy with other work may take its time.
  const db = createDatabase({ url: databaseUrl, poolSize: 2, connectTimeoutMs: 60_000 });
  const control = createControlClient(simulator.url);
  try {
    await control.setBehaviour({ rateWindow: given.window });
    const keys = parseKeyRing(encryptionKeys);
    const plan = { ...PLAN, key };
    const { agencyId, locations } = await plantAgency(plan, {
      db,
      keys,
      simulator: control,
      app: APP,
      webhookUrl: null,
    });
    for (const name of LOCATIONS) {
      await control.changeLocation(ghlIds.location(key, name), { rateLimit: { max: given.limit } });
    }
    const resources = LOCATIONS.map((name): GhlLocationResource => {
      const ids = { agencyId, ghlCompanyId: ghlIds.company(key), locationId: locations.get(name)! };
      return { kind: 'location', ...ids, ghlLocationId: ghlIds.location(key, name) };
    });
    const common = { databaseUrl, encryptionKeys, app: APP, ghlUrl: proxy.url, forMs: seconds * 1000 };
    const task: PusherTask = { ...common, locations: resources, lane: 'interactive', callers: 10, pauseMs: 0 };
    const bulk: PusherTask = { ...task, locations: resources.slice(0, 1), lane: 'bulk' };
    const lead: PusherTask = { ...bulk, lane: 'interactive', callers: 1, pauseMs: 500 };
    const tasks = given.withBulk ? [bulk, bulk, bulk, lead] : Array.from({ length: PROCESSES }, () => task);
    const reports = await Promise.all(tasks.map(runPusher));
    const used = (await control.listLimits()).filter(({ resource }) =>
      resources.some(({ ghlLocationId }) => ghlLocationId === resource),
    );
    const sum = (of: (limit: (typeof used)[number]) => number): number => used.reduce((all, each) => all + of(each), 0);
    const allowed = sum((each) => each.allowed);
    const highest = used.map((each) =>
      given.window === 'fixed' ? each.highestInFixedWindow : each.highestInSlidingWindow,
    );
    const mostAllowed = used.length * given.limit * Math.ceil((seconds * 1000) / WINDOW_MS);
    return {
      ...given,
      seconds,
      allowed,
      refused: sum((each) => each.refused),
      used: given.withBulk ? Number.NaN : allowed / mostAllowed,
      highestInWindow: Math.max(...highest),
      interactiveP95Ms: given.withBulk ? quantile(reports.at(-1)!.latenciesMs, 0.95) : null,
      storageRetries: reports.reduce((all, report) => all + report.storageRetries, 0),
      otherErrors: sumByReason(reports.map((report) => report.otherErrors)),
    };
  } finally {
    await db.destroy();
    await proxy.close();
    await simulator.close();
  }
}

function sumByReason(counts: readonly Record<string, number>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [reason, count] of counts.flatMap((each) => Object.entries(each))) {
    sums[reason] = (sums[reason] ?? 0) + count;
  }
  return sums;
}

async function runPusher(task: PusherTask): Promise<PusherReport> {
  const file = fileURLToPath(new URL('./budget-pusher.ts', import.meta.url));
  const child: ChildProcess = fork(file, [], { execArgv: ['--import', 'tsx'] });
  const answer = Promise.race([once(child, 'message'), once(child, 'exit').then(() => undefined)]);
  child.send(task);
  const message = await answer;
  if (!message) throw new Error('a process of the run ended without a report');
  return (message as [PusherReport])[0];
}

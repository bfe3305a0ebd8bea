import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import type { PollSchedule } from '../client/polling.ts';
import type { SwitchyardClient } from '../client.ts';
import type { Database } from '../db/schema.ts';
import { isStorageAway } from '../db/storage-away.ts';
import { passesOf, type PollPolicy } from '../domain/poll-rules.ts';
import { GhlRateLimitedError } from '../ghl/errors.ts';
import type { GhlGateway } from '../ghl/gateway.ts';
import { getLocation } from '../ghl/locations.ts';
import type { GhlLocationResource } from '../ghl/resource.ts';
import type { Log } from '../scripts/stack/progress.ts';
import type { ControlClient } from '../simulator/control-client.ts';
import type { LimitUse } from '../simulator/limits.ts';
import { type BigAgency, stirLocations } from './reconcile-agency.ts';
import { countPasses, intervalsOf, type PassCount, waitsOf, watchRounds } from './reconcile-watch.ts';

/** What the polling of a whole agency is measured with: all of it runs already but the schedule. */
export interface PolledSystem {
  /** Connects as the superuser, for looking. */
  owner: Kysely<Database>;
  simulator: ControlClient;
  client: SwitchyardClient;
  /** Makes the calls of people beside it. */
  gateway: GhlGateway;
  agency: BigAgency;
  /** By which the workers poll. */
  policy: PollPolicy;
  /** Undefined for the one that production has. */
  schedule?: PollSchedule;
  /** Resident memory of the workers in MiB. */
  readMemory: () => Promise<number>;
  log: Log;
}

export interface PollRun {
  /** How long it is watched once everything was polled. */
  steadyMs: number;
  /** So often something happens in each hot location. */
  stirEveryMs: number;
  /** In so many of the hot locations somebody works, with a call twice a second. */
  workedIn: number;
  /** After which the first round of all is given up. */
  giveUpMs: number;
}

/** How the budget of some locations was used, as GHL counted. */
export interface BudgetUse {
  calls: number;
  refused: number;
  /** Of one location in any 10 s. */
  highestInWindow: number;
}

/** Of the locations of a class, once everything was polled. */
export interface ClassFigures {
  locations: number;
  /** Of one location in a day, if it went on so; the most of any. */
  callsADay: number;
  /** Between two looks for changed contacts, in milliseconds. */
  intervalsMs: number[];
  /** Until the next look is due, in milliseconds. */
  waitsMs: number[];
}

export interface ReconcileResult {
  locations: number;
  policy: PollPolicy;
  first: {
    tookMs: number;
    passes: number;
    done: number;
    failing: number;
    /** Of the company: the tokens of its locations. */
    company: BudgetUse;
    polled: BudgetUse;
    worked: BudgetUse;
    transactions: number;
  };
  steady: { tookMs: number; late: number; failing: number; refused: number; transactions: number };
  hot: ClassFigures;
  idle: ClassFigures;
  /** Of all reports of drift: what stands apart after repair. */
  drift: number;
  /** Contacts that only lists have shown. */
  unread: number;
  contacts: number;
  workflows: { runs: number; events: number; rounds: number; roundEvents: number };
  /** The calls of people beside it: how long each took, and how many had to wait for the budget. */
  interactive: { tookMs: number[]; waited: number };
  memoryMiB: number[];
}

const DAY_MS = 86_400_000;

/** Lets the schedule poll an agency from nothing, then watches it go on. */
export async function measurePolledAgency(system: PolledSystem, run: PollRun): Promise<ReconcileResult> {
  const { owner, simulator, client, agency, policy, log } = system;
  const all = [...agency.hot, ...agency.idle];
  const worked = new Set(agency.hot.slice(0, run.workedIn).map(({ ghlLocationId }) => ghlLocationId));
  const passes = passesOf(policy).length * all.length;
  const stopping = new AbortController();
  const { signal } = stopping;
  const rounds = watchRounds(owner, Math.min(1_000, run.stirEveryMs));
  const interactive: ReconcileResult['interactive'] = { tookMs: [], waited: 0 };
  const memoryMiB: number[] = [];
  const beside = [
    repeat(signal, run.stirEveryMs, () => stirLocations(simulator, agency.hot)),
    repeat(signal, 5_000, async () => void memoryMiB.push(await system.readMemory())),
    ...agency.hot
      .slice(0, run.workedIn)
      .map((location) => repeat(signal, 500, () => callOnce(system.gateway, location, { interactive, signal }))),
  ];
  // What goes wrong beside it is told when that is stopped.
  for (const each of beside) each.catch(() => {});
  try {
    await simulator.resetLimits();
    const transactionsBefore = await countTransactions(owner);
    const startedMs = performance.now();
    await client.ensurePollSchedule(...(system.schedule ? [system.schedule] : []));
    const count = await waitForFirstRound(owner, { passes, run, log });
    const tookMs = performance.now() - startedMs;
    const firstUse = await simulator.listLimits();
    const transactionsFirst = await countTransactions(owner);
    log(`all were polled once after ${Math.round(tookMs / 1_000)} s; ${Math.round(run.steadyMs / 1_000)} s more`);
    await simulator.resetLimits();
    const endsBefore = rounds.ends.length;
    const steadyStartMs = performance.now();
    await sleep(run.steadyMs);
    const steadyMs = performance.now() - steadyStartMs;
    const steadyUse = await simulator.listLimits();
    const standing = await countPasses(owner);
    const transactionsAfter = await countTransactions(owner);
    await Promise.all([rounds.stop(), stop(stopping, beside)]);
    const classOf = (locations: readonly GhlLocationResource[]): ClassFigures => {
      const of = { resource: 'contact', kind: 'delta', locationIds: locations.map(({ locationId }) => locationId) };
      const uses = usesOf(steadyUse, locations).filter(({ resource }) => !worked.has(resource));
      return {
        locations: locations.length,
        callsADay: Math.max(0, ...uses.map(({ allowed }) => (allowed * DAY_MS) / steadyMs)),
        intervalsMs: intervalsOf(rounds.ends.slice(endsBefore), of),
        waitsMs: waitsOf(rounds.ends, of),
      };
    };
    const isWorked = ({ ghlLocationId }: GhlLocationResource): boolean => worked.has(ghlLocationId);
    const ofCompany = firstUse.filter(({ resource }) => resource === agency.hot[0]?.ghlCompanyId);
    return {
      locations: all.length,
      policy,
      first: {
        tookMs,
        passes,
        done: count.done,
        failing: count.failing,
        company: sumUse(ofCompany),
        polled: sumUse(
          usesOf(
            firstUse,
            all.filter((each) => !isWorked(each)),
          ),
        ),
        worked: sumUse(usesOf(firstUse, all.filter(isWorked))),
        transactions: transactionsFirst - transactionsBefore,
      },
      steady: {
        tookMs: steadyMs,
        late: standing.late,
        failing: standing.failing,
        refused: steadyUse.reduce((sum, { refused }) => sum + refused, 0),
        transactions: transactionsAfter - transactionsFirst,
      },
      hot: classOf(agency.hot),
      idle: classOf(agency.idle),
      ...(await countMirror(owner)),
      workflows: await countWorkflows(client),
      interactive,
      memoryMiB,
    };
  } finally {
    await stop(stopping, beside).catch(() => {});
    await rounds.stop().catch(() => {});
  }
}

async function stop(stopping: AbortController, beside: Promise<void>[]): Promise<void> {
  stopping.abort();
  await Promise.all(beside);
}

async function waitForFirstRound(
  owner: Kysely<Database>,
  { passes, run, log }: { passes: number; run: PollRun; log: Log },
): Promise<PassCount> {
  const untilMs = performance.now() + run.giveUpMs;
  for (let looks = 1; ; looks += 1) {
    const count = await countPasses(owner);
    if (count.done >= passes || performance.now() > untilMs) return count;
    if (looks % 20 === 0) log(`${count.done} of ${passes} passes done, ${count.failing} failing`);
    await sleep(500);
  }
}

async function repeat(signal: AbortSignal, everyMs: number, work: () => Promise<unknown>): Promise<void> {
  while (!signal.aborted) {
    await work();
    await sleep(everyMs, undefined, { signal }).catch(() => {});
  }
}

/** A call as a person's work makes it, which counts from its first try to its answer. */
async function callOnce(
  ghl: GhlGateway,
  resource: GhlLocationResource,
  { interactive, signal }: { interactive: ReconcileResult['interactive']; signal: AbortSignal },
): Promise<void> {
  const startedMs = performance.now();
  let isWaiting = false;
  while (!signal.aborted) {
    try {
      await getLocation(ghl, { resource, lane: 'interactive' });
      interactive.tookMs.push(performance.now() - startedMs);
      if (isWaiting) interactive.waited += 1;
      return;
    } catch (error) {
      // A machine that is busy with other work keeps Postgres waiting; the call is made again, as a step of a workflow is.
      const isRefused = error instanceof GhlRateLimitedError;
      if (!isRefused && !isStorageAway(error)) throw error;
      isWaiting ||= isRefused;
      await sleep((isRefused ? error.retryAfterMs : null) ?? 100, undefined, { signal }).catch(() => {});
    }
  }
}

function usesOf(uses: readonly LimitUse[], locations: readonly GhlLocationResource[]): LimitUse[] {
  const ids = new Set(locations.map(({ ghlLocationId }) => ghlLocationId));
  return uses.filter(({ resource }) => ids.has(resource));
}

const sumUse = (uses: readonly LimitUse[]): BudgetUse => ({
  calls: uses.reduce((sum, { allowed }) => sum + allowed, 0),
  refused: uses.reduce((sum, { refused }) => sum + refused, 0),
  highestInWindow: Math.max(0, ...uses.map(({ highestInSlidingWindow }) => highestInSlidingWindow)),
});

async function countTransactions(owner: Kysely<Database>): Promise<number> {
  const found = await sql<{ commits: number }>`
    select xact_commit::int as commits from pg_stat_database where datname = current_database()
  `.execute(owner);
  return found.rows[0]?.commits ?? Number.NaN;
}

async function countMirror(owner: Kysely<Database>): Promise<{ drift: number; unread: number; contacts: number }> {
  const drift = await sql<{ remaining: number }>`
    select coalesce(sum(remaining), 0)::int as remaining from
      (select distinct on (location_id, resource) remaining from drift_reports order by location_id, resource, finished_at desc) d
  `.execute(owner);
  const contacts = await sql<{ contacts: number; unread: number }>`
    select count(*)::int as contacts, count(*) filter (where not is_exact)::int as unread
    from contacts where deleted_at is null
  `.execute(owner);
  return { drift: drift.rows[0]?.remaining ?? 0, ...(contacts.rows[0] ?? { contacts: 0, unread: 0 }) };
}

/** What Temporal has started and written for it, as it lists it. */
async function countWorkflows({ temporal }: SwitchyardClient): Promise<ReconcileResult['workflows']> {
  const counted = { runs: 0, events: 0, rounds: 0, roundEvents: 0 };
  for await (const { type, historyLength } of temporal.workflow.list()) {
    if (type === 'pollSync') {
      counted.runs += 1;
      counted.events += historyLength;
    } else if (type === 'pollRounds') {
      counted.rounds += 1;
      counted.roundEvents += historyLength;
    }
  }
  return counted;
}

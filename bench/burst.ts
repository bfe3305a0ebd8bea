import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import { createDatabase } from '../db/database.ts';
import type { Database } from '../db/schema.ts';
import { ghlIds, type LocationPlan } from '../scripts/demo/agency-plan.ts';
import type { Log } from '../scripts/stack/progress.ts';
import { createFollower } from './burst-follower.ts';
import { type BenchSystem, startBenchSystem } from './system.ts';

export interface BurstCase {
  name: string;
  events: number;
  contacts: number;
}

export interface BurstResult extends BurstCase {
  /** By GHL's side, all calls of the system. */
  reads: number;
  /** Calls other than the reading of a contact. */
  otherCalls: number;
  refused: number;
  /** Rows of work in the inbox: events of one record that wait together are one. */
  handovers: number;
  workflows: number;
  historyEvents: number;
  /** Commits beside what an idle system makes in that time. */
  transactions: number;
  /** From the first change in GHL to the last. */
  changingMs: number;
  /** From the last change in GHL until the mirror shows all of them; null when it never did. */
  currentAfterMs: number | null;
}

export const BURST_CASES: BurstCase[] = [
  { name: 'one contact', events: 100, contacts: 1 },
  { name: 'ten contacts', events: 100, contacts: 10 },
  { name: 'a hundred contacts', events: 100, contacts: 100 },
];

const AGENCY = 'burst';
const IDLE_MS = 5_000;
/** As many people or imports change contacts at once. */
const HANDS = 10;

/**
 * Changes contacts in GHL as fast as it takes them and follows its webhooks through the API and a worker, at GHL's own
 * limit: how many calls, workflows and transactions that costs, and when the mirror shows the last change. Each case has
 * a location of its own, so that none meets what another has used up.
 */
export async function measureBursts(cases: readonly BurstCase[], log: Log): Promise<BurstResult[]> {
  const stack = await startBenchSystem(log);
  const owner = createDatabase({ url: stack.ownerUrl, poolSize: 2 });
  const measure = async (): Promise<BurstResult[]> => {
    const master: LocationPlan = { ...placeOf('master'), kind: 'master', parentKey: null };
    const places = cases.map((_, turn) => placeOf(keyOf(turn)));
    const agency = await stack.plant({ key: AGENCY, name: 'Bench', locations: [master, ...places] });
    const results: BurstResult[] = [];
    for (const [turn, each] of cases.entries()) {
      log(`${each.name}: ${each.events} events`);
      const place = {
        locationId: agency.locations.get(keyOf(turn))!,
        ghlLocationId: ghlIds.location(AGENCY, keyOf(turn)),
      };
      results.push(await measureCase(each, place, stack, owner));
    }
    return results;
  };
  try {
    return await Promise.race([measure(), stack.failed]);
  } finally {
    await owner.destroy();
    await stack.stop();
  }
}

const keyOf = (turn: number): string => `case${turn}`;
const placeOf = (key: string): LocationPlan => ({
  key,
  name: key,
  kind: 'location',
  parentKey: 'master',
  postcode: '10001',
  reps: [],
});

interface Place {
  locationId: string;
  ghlLocationId: string;
}

async function measureCase(
  given: BurstCase,
  place: Place,
  { simulator, temporal }: BenchSystem,
  owner: Kysely<Database>,
): Promise<BurstResult> {
  const { locationId, ghlLocationId } = place;
  const ids = Array.from({ length: given.contacts + 1 }, (_, index) => `${ghlLocationId}-${index}`);
  await simulator.seed({ contacts: ids.map((id) => ({ id, locationId: ghlLocationId, firstName: 'Bench' })) });
  const [first, ...contactIds] = ids as [string, ...string[]];
  const follow = createFollower({ locationId, owner, temporal, cities: () => listCities(simulator, ghlLocationId) });

  // The first read of a location mints its token and learns GHL's limit.
  await simulator.updateContact(first, { city: 'First' });
  await follow.untilCurrent();
  await follow.untilQuiet();
  const known = await follow.count();
  const idle = await readCommits(owner);
  await sleep(IDLE_MS);
  const begin = await readCommits(owner);
  const looksBefore = follow.looks();
  const idlePerMs = (begin.commits - idle.commits) / (begin.atMs - idle.atMs);
  await Promise.all([simulator.resetCalls(), simulator.resetLimits()]);

  const startedMs = performance.now();
  await change(given.events, contactIds, (id, city) => simulator.updateContact(id, { city }));
  const changedMs = performance.now();
  const currentMs = await follow.untilCurrent();
  await follow.untilQuiet();
  const end = await readCommits(owner);
  const [commits, looks] = [end.commits - begin.commits, follow.looks() - looksBefore];
  const all = await follow.count();
  const calls = Object.entries((await simulator.getCalls()).counts);
  const sum = (of: [string, number][]): number => of.reduce((total, [, count]) => total + count, 0);
  const reads = sum(calls.filter(([route]) => route.startsWith('GET /contacts/:contactId ')));
  const limits = await simulator.listLimits();
  return {
    ...given,
    reads,
    otherCalls: sum(calls) - reads,
    refused: limits.reduce((total, { refused }) => total + refused, 0),
    handovers: all.handovers - known.handovers,
    workflows: all.workflows - known.workflows,
    historyEvents: all.historyEvents - known.historyEvents,
    transactions: Math.round(commits - looks - idlePerMs * (end.atMs - begin.atMs)),
    changingMs: changedMs - startedMs,
    currentAfterMs: currentMs === null ? null : Math.max(0, currentMs - changedMs),
  };
}

/** Changes contacts in turn, several at once. */
async function change(
  events: number,
  contactIds: readonly string[],
  update: (id: string, city: string) => Promise<unknown>,
): Promise<void> {
  const turns = Array.from({ length: events }, (_, turn) => turn).values();
  const hand = async (): Promise<void> => {
    for (const turn of turns) await update(contactIds[turn % contactIds.length]!, `City ${turn}`);
  };
  await Promise.all(Array.from({ length: HANDS }, hand));
}

async function listCities(simulator: BenchSystem['simulator'], ghlLocationId: string): Promise<Map<string, string>> {
  const contacts = await simulator.listContacts(ghlLocationId);
  return new Map(contacts.flatMap(({ id, city }) => (city ? [[id, city] as const] : [])));
}

async function readCommits(owner: Kysely<Database>): Promise<{ commits: number; atMs: number }> {
  const { rows } = await sql<{ commits: number }>`
    select xact_commit::float8 as commits from pg_stat_database where datname = current_database()
  `.execute(owner);
  return { commits: rows[0]!.commits, atMs: performance.now() };
}

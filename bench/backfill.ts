import { randomBytes } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { BackfillReport } from '../activities/backfill.ts';
import { parseKeyRing } from '../crypto/key-ring.ts';
import { addBackfillRun } from '../db/backfill-runs.ts';
import { createDatabase } from '../db/database.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import type { NamesWanted } from '../domain/backfill.ts';
import type { GhlLocationResource } from '../ghl/resource.ts';
import { type AgencyPlan, ghlIds } from '../scripts/demo/agency-plan.ts';
import { plantAgency } from '../scripts/demo/plant-agency.ts';
import type { Log } from '../scripts/stack/progress.ts';
import { measureWriteFloor, type WriteFloor } from './backfill-floor.ts';
import type { WalkerReport, WalkerTask } from './backfill-walker.ts';
import { watchBackfill } from './backfill-watch.ts';
import type { PusherReport, PusherTask } from './budget-pusher.ts';
import { letDo } from './child.ts';
import { judgeMemory, type Memory } from './flatness.ts';
import { type BenchDatabase, startBenchDatabase } from './postgres.ts';
import { type BenchSimulator, startBenchSimulator } from './simulator.ts';
import { quantile } from './spread.ts';
import { paceOfSteps, type StepPace } from './step-pace.ts';
import { readPostgresCpu } from './usage.ts';

export interface BackfillCase {
  name: string;
  contacts: number;
  names: NamesWanted;
  /** GHL's limit in 10 s; null for none that is ever reached. */
  limit: number | null;
  /** How long it runs at most, in seconds; null: to its end. */
  seconds: number | null;
  /** A caller of `interactive` in the same location, twice a second. */
  withLead: boolean;
}

export interface BackfillResult extends BackfillCase {
  tookSeconds: number;
  rows: number;
  rowsPerSecond: number;
  steps: StepPace[];
  /** What its second reading proved; null for a run that was not to come to its end. */
  verified: BackfillReport | null;
  /** As the simulator counted. */
  calls: number;
  refused: number;
  /** Of the calls that the lane may make in that time, those of a lead beside it included; from 0 to 1. */
  used: number | null;
  /** Bare calls of the same lane in a neighbouring location with the same limit, at the same time. */
  bareCalls: number | null;
  interactiveP95Ms: number | null;
  writeFloor: WriteFloor | null;
  /** Of the process that walks, of the simulator, and of all of Postgres where the system tells; in seconds. */
  cpu: { walker: number; simulator: number; postgres: number | null };
  memory: { walker: Memory; simulator: Memory };
}

export const backfillCases = (contacts: number): BackfillCase[] => [
  { name: 'names, at GHL’s limit', contacts: 5_000, names: 'exact', limit: 100, seconds: 120, withLead: false },
  { name: 'the same beside a lead', contacts: 5_000, names: 'exact', limit: 100, seconds: 120, withLead: true },
  { name: 'lists, no limit', contacts, names: 'listed', limit: null, seconds: null, withLead: false },
];

const APP = { clientId: '0123456789abcdef01234567-abcdefgh', clientSecret: 'secret-of-the-bench-app' };
const WINDOW_MS = 10_000;
/** What `bulk` may use of a window: domain/ghl-budget.ts. */
const BULK_SHARE = 0.5;
const BARE_CALLERS = 10;
const NO_LIMIT = { max: 1_000_000, daily: 100_000_000 };

const place = (key: string) => ({ key, name: key, postcode: '10001', live: false, reps: [] });
const planOf = (key: string): AgencyPlan => ({
  key,
  name: 'Bench',
  locations: [
    { ...place('master'), kind: 'master', parentKey: null },
    { ...place('floor'), kind: 'location', parentKey: 'master' },
  ],
});

/**
 * Backfills of one location against the simulator, which makes the contacts up and counts the calls: the pace beside
 * what the budget allows, that of a lead's calls beside it, and rows a second into Postgres where nothing holds it back.
 * The walk and the simulator are processes of their own, whose CPU and memory are watched.
 */
export async function measureBackfill(cases: readonly BackfillCase[], log: Log): Promise<BackfillResult[]> {
  const postgres = await startBenchDatabase(log);
  const results: BackfillResult[] = [];
  try {
    for (const [turn, each] of cases.entries()) {
      log(`${each.name}: ${each.contacts} contacts`);
      results.push(await measureCase(each, postgres, { key: `bench${turn}`, log }));
    }
  } finally {
    await postgres.stop();
  }
  return results;
}

async function measureCase(
  given: BackfillCase,
  postgres: Pick<BenchDatabase, 'url' | 'ownerUrl'>,
  { key, log }: { key: string; log: Log },
): Promise<BackfillResult> {
  const simulator = await startBenchSimulator();
  const db = createDatabase({ url: postgres.url, poolSize: 4 });
  const owner = createDatabase({ url: postgres.ownerUrl, poolSize: 4 });
  try {
    return await run(given, { databaseUrl: postgres.url, simulator, db, owner, key, log });
  } finally {
    await Promise.all([db.destroy(), owner.destroy()]);
    await simulator.stop();
  }
}

interface Surroundings {
  databaseUrl: string;
  simulator: BenchSimulator;
  db: Kysely<Database>;
  /** Connects as the superuser, for looking. */
  owner: Kysely<Database>;
  key: string;
  log: Log;
}

async function run(given: BackfillCase, around: Surroundings): Promise<BackfillResult> {
  const { databaseUrl, simulator, owner, log } = around;
  const encryptionKeys = `1:${randomBytes(32).toString('base64')}`;
  const { agencyId, resource, neighbour } = await plant(given, around, encryptionKeys);
  const { locationId } = resource;
  const runId = await order(around.db, { agencyId, locationId, names: given.names });
  const common = { databaseUrl, encryptionKeys, app: APP, ghlUrl: simulator.url };
  const forMs = given.seconds === null ? null : given.seconds * 1_000;
  const walk: WalkerTask = { ...common, part: { agencyId, runId, locationId, resource: 'contact' }, forMs };
  const pushed = { ...common, locations: [neighbour], pauseMs: 0, forMs: forMs ?? 0 };
  const bare: PusherTask = { ...pushed, lane: 'bulk', callers: BARE_CALLERS };
  const lead: PusherTask = { ...bare, locations: [resource], lane: 'interactive', callers: 1, pauseMs: 500 };

  await simulator.control.resetLimits();
  const before = { simulator: await simulator.readUsage(), postgres: await readPostgresCpu(owner) };
  const watch = watchBackfill(owner, simulator, runId, log);
  const [walked, led] = await Promise.all([
    letDo<WalkerReport>('./backfill-walker.ts', walk),
    given.withLead ? letDo<PusherReport>('./budget-pusher.ts', lead) : undefined,
    given.limit === null ? undefined : letDo<PusherReport>('./budget-pusher.ts', bare),
  ]);
  await watch.stop();
  const after = { simulator: await simulator.readUsage(), postgres: await readPostgresCpu(owner) };
  const uses = await simulator.control.listLimits();
  const useOf = ({ ghlLocationId }: GhlLocationResource) => uses.find((each) => each.resource === ghlLocationId);
  const rows = await countContacts(owner, locationId);
  const tookSeconds = walked.tookMs / 1_000;
  const calls = useOf(resource)?.allowed ?? 0;
  const most = given.limit === null ? null : Math.ceil(walked.tookMs / WINDOW_MS) * given.limit * BULK_SHARE;
  const floorOf = { agencyId, from: locationId, to: neighbour.locationId };
  return {
    ...given,
    tookSeconds,
    rows,
    rowsPerSecond: rows / tookSeconds,
    steps: paceOfSteps(watch.samples),
    verified: walked.verified,
    calls,
    refused: (useOf(resource)?.refused ?? 0) + (useOf(neighbour)?.refused ?? 0),
    // The lane may use half of the window less what the lead has used of it, so that both together fill that half.
    used: most === null ? null : calls / most,
    bareCalls: given.limit === null ? null : (useOf(neighbour)?.allowed ?? 0),
    interactiveP95Ms: led ? quantile(led.latenciesMs, 0.95) : null,
    writeFloor: given.limit === null ? await measureWriteFloor(around, floorOf) : null,
    cpu: {
      walker: walked.cpuSeconds,
      simulator: after.simulator.cpuSeconds - before.simulator.cpuSeconds,
      postgres: before.postgres === null || after.postgres === null ? null : after.postgres - before.postgres,
    },
    memory: { walker: judgeMemory(walked.memoryMiB), simulator: judgeMemory(watch.memoryMiB) },
  };
}

/** An agency with the location that is filled, and a neighbour beside it with the same limit. */
async function plant(given: BackfillCase, { db, simulator, key }: Surroundings, encryptionKeys: string) {
  const soil = { db, keys: parseKeyRing(encryptionKeys), simulator: simulator.control, app: APP, webhookUrl: null };
  const { agencyId, locations } = await plantAgency(planOf(key), soil);
  const resourceOf = (name: string): GhlLocationResource => {
    const ids = { agencyId, locationId: locations.get(name)!, ghlCompanyId: ghlIds.company(key) };
    return { kind: 'location', ...ids, ghlLocationId: ghlIds.location(key, name) };
  };
  const [resource, neighbour] = [resourceOf('master'), resourceOf('floor')];
  const rateLimit = given.limit === null ? NO_LIMIT : { max: given.limit, intervalMs: WINDOW_MS };
  for (const { ghlLocationId } of [resource, neighbour]) {
    await simulator.control.changeLocation(ghlLocationId, { rateLimit });
  }
  await simulator.control.seed({ generated: [{ locationId: resource.ghlLocationId, contacts: given.contacts }] });
  return { agencyId, resource, neighbour };
}

async function order(
  db: Kysely<Database>,
  { agencyId, locationId, names }: { agencyId: string; locationId: string; names: NamesWanted },
): Promise<string> {
  const id = uuidv7();
  const of = { id, agencyId, rootId: locationId, locationIds: [locationId], resources: ['contact' as const] };
  const range = { from: null, to: null, names, workflowId: 'bench' };
  await withScope(db, { agencyId }, (tx) =>
    addBackfillRun(tx, { ...of, ...range }, { actor: 'bench', origin: 'bench' }),
  );
  return id;
}

async function countContacts(owner: Kysely<Database>, locationId: string): Promise<number> {
  const counted = sql<{ rows: number }>`select count(*)::int as rows from contacts where location_id = ${locationId}`;
  return (await counted.execute(owner)).rows[0]!.rows;
}

import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { parseKeyRing } from '../crypto/key-ring.ts';
import { addBackfillRun } from '../db/backfill-runs.ts';
import { createDatabase } from '../db/database.ts';
import { withScope } from '../db/scope.ts';
import type { NamesWanted } from '../domain/backfill.ts';
import { type AgencyPlan, ghlIds } from '../scripts/demo/agency-plan.ts';
import { plantAgency } from '../scripts/demo/plant-agency.ts';
import type { Log } from '../scripts/stack/progress.ts';
import { createControlClient, type ControlClient } from '../simulator/control-client.ts';
import { startSimulator } from '../simulator/simulator.ts';
import type { WalkerReport, WalkerTask } from './backfill-walker.ts';
import type { PusherReport, PusherTask } from './budget-pusher.ts';
import { startBenchDatabase } from './postgres.ts';
import { quantile } from './spread.ts';

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
  /** As the simulator counted. */
  calls: number;
  refused: number;
  /** Of the calls that the lane may make in that time, beside those of the lead; from 0 to 1. */
  used: number | null;
  interactiveP95Ms: number | null;
  /** Of the process that walks. */
  memoryMiB: { first: number; last: number; highest: number };
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
const SEED_AT_ONCE = 5_000;
const START_MS = Date.UTC(2020, 0, 1);

const planOf = (key: string): AgencyPlan => ({
  key,
  name: 'Bench',
  locations: [
    { key: 'master', kind: 'master', parentKey: null, name: 'Master', postcode: '10001', live: false, reps: [] },
  ],
});

/**
 * Backfills of one location against the simulator, which counts the calls: the pace beside what the budget allows, that
 * of a lead's calls beside it, and rows a second into Postgres where nothing holds it back. The walk runs in a process
 * of its own, whose memory is watched.
 */
export async function measureBackfill(cases: readonly BackfillCase[], log: Log): Promise<BackfillResult[]> {
  const postgres = await startBenchDatabase(log);
  const results: BackfillResult[] = [];
  try {
    for (const [turn, each] of cases.entries()) {
      log(`${each.name}: ${each.contacts} contacts`);
      results.push(await measureCase(each, postgres, `bench${turn}`));
    }
  } finally {
    await postgres.stop();
  }
  return results;
}

async function measureCase(
  given: BackfillCase,
  postgres: { url: string; ownerUrl: string },
  key: string,
): Promise<BackfillResult> {
  const encryptionKeys = `1:${randomBytes(32).toString('base64')}`;
  const simulator = await startSimulator({ port: 0 });
  const control = createControlClient(simulator.url);
  const db = createDatabase({ url: postgres.url, poolSize: 2 });
  const owner = createDatabase({ url: postgres.ownerUrl, poolSize: 1 });
  try {
    const soil = { db, keys: parseKeyRing(encryptionKeys), simulator: control, app: APP, webhookUrl: null };
    const { agencyId, locations } = await plantAgency(planOf(key), soil);
    const locationId = locations.get('master')!;
    const ghlLocationId = ghlIds.location(key, 'master');
    const rateLimit =
      given.limit === null ? { max: 1_000_000, daily: 100_000_000 } : { max: given.limit, intervalMs: WINDOW_MS };
    await control.changeLocation(ghlLocationId, { rateLimit });
    await fill(control, ghlLocationId, given.contacts);
    const runId = uuidv7();
    const order = {
      id: runId,
      agencyId,
      rootId: locationId,
      locationIds: [locationId],
      resources: ['contact' as const],
    };
    const range = { from: null, to: null, names: given.names, workflowId: 'bench' };
    await withScope(db, { agencyId }, (tx) =>
      addBackfillRun(tx, { ...order, ...range }, { actor: 'bench', origin: 'bench' }),
    );

    const common = { databaseUrl: postgres.url, encryptionKeys, app: APP, ghlUrl: simulator.url };
    const part = { agencyId, runId, locationId, resource: 'contact' as const };
    const forMs = given.seconds === null ? null : given.seconds * 1_000;
    const resource = {
      kind: 'location' as const,
      agencyId,
      locationId,
      ghlLocationId,
      ghlCompanyId: ghlIds.company(key),
    };
    const lead: PusherTask = {
      ...common,
      locations: [resource],
      lane: 'interactive',
      callers: 1,
      pauseMs: 500,
      forMs: forMs ?? 0,
    };
    await control.resetLimits();
    const [walked, pushed] = await Promise.all([
      ask<WalkerReport>('./backfill-walker.ts', { ...common, part, forMs } satisfies WalkerTask),
      given.withLead ? ask<PusherReport>('./budget-pusher.ts', lead) : undefined,
    ]);
    const { rows } = (
      await sql<{ rows: number }>`select count(*)::int as rows from contacts where location_id = ${locationId}`.execute(
        owner,
      )
    ).rows[0]!;
    const use = (await control.listLimits()).find((limit) => limit.resource === ghlLocationId);
    const tookSeconds = walked.tookMs / 1_000;
    const calls = use?.allowed ?? 0;
    const most = given.limit === null ? null : Math.ceil(walked.tookMs / WINDOW_MS) * given.limit * BULK_SHARE;
    return {
      ...given,
      tookSeconds,
      rows,
      rowsPerSecond: rows / tookSeconds,
      calls,
      refused: use?.refused ?? 0,
      // The lane may use half of the window less what the lead has used of it, so that both together fill that half.
      used: most === null ? null : calls / most,
      interactiveP95Ms: pushed ? quantile(pushed.latenciesMs, 0.95) : null,
      memoryMiB: walked.memoryMiB,
    };
  } finally {
    await Promise.all([db.destroy(), owner.destroy()]);
    await simulator.close();
  }
}

/** Contacts for a location; a simulator that generates them needs no more than `{ generated: { locationId, contacts } }`. */
async function fill(control: ControlClient, locationId: string, count: number): Promise<void> {
  for (let from = 0; from < count; from += SEED_AT_ONCE) {
    const length = Math.min(SEED_AT_ONCE, count - from);
    const contacts = Array.from({ length }, (_, index) => {
      const at = from + index;
      const dateAdded = new Date(START_MS + at * 60_000).toISOString();
      const names = { firstName: `First${at}`, lastName: `Last${at}`, email: `c${at}@x.test` };
      return { id: `${locationId}-${at}`, locationId, ...names, dateAdded, dateUpdated: dateAdded };
    });
    await control.seed({ contacts });
  }
}

/** Lets a process of its own do a task. @throws Error when it ends without a report */
async function ask<Report>(file: string, task: object): Promise<Report> {
  const child: ChildProcess = fork(fileURLToPath(new URL(file, import.meta.url)), [], {
    execArgv: ['--import', 'tsx'],
  });
  const answer = Promise.race([once(child, 'message'), once(child, 'exit').then(() => undefined)]);
  child.send(task);
  const message = await answer;
  if (!message) throw new Error('a process of the run ended without a report');
  return (message as [Report])[0];
}

export function describeBackfill(results: readonly BackfillResult[]): string[] {
  const head = [
    'what',
    'seconds',
    'contacts',
    'a second',
    'calls',
    '429s',
    'of the lane',
    'interactive p95',
    'memory MiB',
  ];
  const rows = results.map((each) => [
    each.name,
    each.tookSeconds.toFixed(1),
    String(each.rows),
    each.rowsPerSecond.toFixed(0),
    String(each.calls),
    String(each.refused),
    each.used === null ? '' : `${(each.used * 100).toFixed(1)} %`,
    each.interactiveP95Ms === null ? '' : `${Math.round(each.interactiveP95Ms)} ms`,
    `${each.memoryMiB.first} to ${each.memoryMiB.last}, at most ${each.memoryMiB.highest}`,
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)) + 2);
  return [head, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('')
      .trimEnd(),
  );
}

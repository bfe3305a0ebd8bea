import { performance } from 'node:perf_hooks';
import { type Kysely, sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { createAgency } from '../db/agencies.ts';
import { createDatabase } from '../db/database.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { startBenchDatabase } from './postgres.ts';
import { quantile, type Spread, spread } from './spread.ts';

export interface ScopeResult {
  way: string;
  /** Over the runs, in milliseconds. */
  p50Ms: Spread;
  p99Ms: Spread;
}

const RUNS = 7;
const QUERIES = 1_000;
const WARM_UP = 300;

/**
 * What a scope costs: the same read by its primary key without a transaction as the owner, in a transaction, and in
 * scoped ones under row-level security. One query at a time on one connection; the runs take turns, so that
 * whatever else the machine does meets all alike.
 */
export async function measureScope(log: (line: string) => void): Promise<ScopeResult[]> {
  const postgres = await startBenchDatabase(log);
  const [app, owner] = [postgres.url, postgres.ownerUrl].map((url) => createDatabase({ url, poolSize: 1 })) as [
    Kysely<Database>,
    Kysely<Database>,
  ];
  try {
    const agencyId = uuidv7();
    await withScope(app, { agencyId }, (tx) => createAgency(tx, { id: agencyId, name: 'Bench', ghlCompanyId: null }));
    const read = (db: Kysely<Database>) =>
      db.selectFrom('agencies').selectAll().where('id', '=', agencyId).executeTakeFirstOrThrow();
    const rename = (db: Kysely<Database>) => sql`update agencies set name = name where id = ${agencyId}`.execute(db);
    const ways: Record<string, () => Promise<unknown>> = {
      'read, no transaction': () => read(owner),
      'read, transaction': () => owner.transaction().execute(read),
      'read, scoped transaction': () => withScope(app, { agencyId }, read),
      'read, scope of one statement': () => withScope(app, { agencyId }, read, 'one statement'),
      'write, transaction': () => owner.transaction().execute(rename),
      'write, scoped transaction': () => withScope(app, { agencyId }, rename),
      'write, scope of one statement': () => withScope(app, { agencyId }, rename, 'one statement'),
    };
    return await takeTurns(ways, log);
  } finally {
    await Promise.all([app.destroy(), owner.destroy()]);
    await postgres.stop();
  }
}

async function takeTurns(
  ways: Record<string, () => Promise<unknown>>,
  log: (line: string) => void,
): Promise<ScopeResult[]> {
  for (const work of Object.values(ways)) await time(work, WARM_UP);
  const runs = new Map<string, number[][]>(Object.keys(ways).map((way) => [way, []]));
  for (let run = 1; run <= RUNS; run += 1) {
    for (const [way, work] of Object.entries(ways)) runs.get(way)!.push(await time(work, QUERIES));
    log(`run ${run} of ${RUNS}`);
  }
  return [...runs].map(([way, times]) => ({
    way,
    p50Ms: spread(times.map((each) => quantile(each, 0.5))),
    p99Ms: spread(times.map((each) => quantile(each, 0.99))),
  }));
}

async function time(work: () => Promise<unknown>, times: number): Promise<number[]> {
  const taken: number[] = [];
  for (let turn = 0; turn < times; turn += 1) {
    const before = performance.now();
    await work();
    taken.push(performance.now() - before);
  }
  return taken;
}

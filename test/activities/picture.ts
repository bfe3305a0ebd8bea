import { sql } from 'kysely';
import { expect } from 'vitest';
import { type ActivityBench, type Attempt, run } from '../stack/activity-bench.ts';
import type { BenchAgency } from './bench-agency.ts';

/** Counts calls; every call changes it. */
const EXCEPT = 'ghl_budgets';

interface OwnedTable {
  name: string;
  /** The column that says whose a row is. */
  owner: string;
}

/** No activity changes the schema: it is asked once of each bench. */
const ownedTables = new WeakMap<ActivityBench, Promise<OwnedTable[]>>();

async function listOwnedTables({ database }: ActivityBench): Promise<OwnedTable[]> {
  const found = await sql<OwnedTable>`
    select c.relname as name, a.attname as owner from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and c.relname <> ${EXCEPT} and (a.attname = 'agency_id' or (c.relname = 'agencies' and a.attname = 'id'))
  `.execute(database.ownerDb);
  return found.rows;
}

/** Every row of an agency in every table, and all that its locations show in GHL. */
export async function takePicture(bench: ActivityBench, agency: BenchAgency): Promise<Record<string, string[]>> {
  const { ownerDb } = bench.database;
  const asked = ownedTables.get(bench) ?? listOwnedTables(bench);
  ownedTables.set(bench, asked);
  const tables = await asked;
  const picture: Record<string, string[]> = Object.fromEntries(tables.map(({ name }) => [name, []]));
  const ofTables = tables.map(
    ({ name, owner }) => sql`
      select ${sql.lit(name)} as name, to_jsonb(t)::text as row from ${sql.table(name)} t
      where ${sql.ref(owner)} = ${agency.agencyId}`,
  );
  // One statement for all tables: a test takes many pictures, and each question has its price.
  const rows = await sql<{ name: string; row: string }>`${sql.join(ofTables, sql` union all `)} order by 1, 2`.execute(
    ownerDb,
  );
  for (const { name, row } of rows.rows) picture[name]!.push(row);
  // Two pictures of nothing would be equal whatever was done between them.
  if (picture['agencies']?.length !== 1) throw new Error('the picture does not show the agency');
  const ours = new Set(await listGhlLocations(bench, agency));
  const { simulator } = bench;
  const shown = {
    contacts: await simulator.listContacts(),
    notes: await simulator.listNotes(),
    tasks: await simulator.listTasks(),
    opportunities: await simulator.listOpportunities(),
  };
  for (const [name, records] of Object.entries(shown)) {
    picture[`ghl ${name}`] = records
      .filter((record) => ours.has(record.locationId))
      .map((record) => JSON.stringify({ ...record, dateUpdated: null, updatedAt: null }))
      .sort();
  }
  return picture;
}

async function listGhlLocations(bench: ActivityBench, agency: BenchAgency): Promise<string[]> {
  const rows = await bench.database.ownerDb
    .selectFrom('locations')
    .select('ghl_location_id')
    .where('agency_id', '=', agency.agencyId)
    .execute();
  return rows.flatMap((row) => row.ghl_location_id ?? []);
}

/**
 * Runs an activity, then five times more as later attempts and five times at once, and holds that nothing changes and
 * the answer is the same; nor does anything of the neighbour, from before the first run.
 * @returns what the first run answered
 */
export async function expectToRepeat<A, R>(
  bench: ActivityBench,
  { agency, neighbour }: { agency: BenchAgency; neighbour: BenchAgency },
  activity: (args: A) => Promise<R>,
  args: A,
): Promise<R> {
  const beside = await takePicture(bench, neighbour);
  const activityId = `repeated-${crypto.randomUUID()}`;
  const attempts = (from: number): Attempt[] => [0, 1, 2, 3, 4].map((step) => ({ activityId, attempt: from + step }));
  const first = await run(activity, args, { activityId });
  const after = await takePicture(bench, agency);
  for (const attempt of attempts(2)) expect(await run(activity, args, attempt)).toEqual(first);
  const atOnce = await Promise.all(attempts(7).map((attempt) => run(activity, args, attempt)));
  for (const answer of atOnce) expect(answer).toEqual(first);
  expect(await takePicture(bench, agency)).toEqual(after);
  expect(await takePicture(bench, neighbour)).toEqual(beside);
  return first;
}

/** Runs the same attempt five times at the same moment, before anything of it is there. */
export function atOnce<A, R>(activity: (args: A) => Promise<R>, args: A): Promise<R[]> {
  const activityId = `at-once-${crypto.randomUUID()}`;
  return Promise.all([1, 2, 3, 4, 5].map(() => run(activity, args, { activityId })));
}

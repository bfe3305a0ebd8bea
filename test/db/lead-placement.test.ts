import { type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDatabase } from '../../db/database.ts';
import { findExplainedPlacement, findPlacementFacts } from '../../db/lead-placement.ts';
import type { Assignment, Database } from '../../db/schema.ts';
import { withScope } from '../../db/scope.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { plantTenant } from './plant-tenant.ts';

const OTHERS = 1_500;

let database: TestDatabase;
/** One connection, so that what it has looked at is counted where it is asked for. */
let one: Kysely<Database>;
let assignment: Assignment;
beforeAll(async () => {
  database = await createTestDatabase();
  one = createDatabase({ url: database.url, poolSize: 1 });
  const { ownerDb } = database;
  const { agencyId, leadId, personId } = await plantTenant(ownerDb, 'uncounted');
  const like = (table: string, id: string, change: ReturnType<typeof sql>) => sql`
    insert into ${sql.table(table)} select (jsonb_populate_record(null::${sql.table(table)},
      to_jsonb(planted) || jsonb_build_object('id', gen_random_uuid()) || ${change})).*
    from ${sql.table(table)} planted, generate_series(1, ${sql.lit(OTHERS)}) where planted.id = ${id}`;
  await like('persons', personId, sql`jsonb_build_object('email', null, 'phone', null)`).execute(ownerDb);
  await like('leads', leadId, sql`jsonb_build_object('person_id', null)`).execute(ownerDb);
  assignment = await ownerDb
    .selectFrom('assignments')
    .selectAll()
    .where('lead_id', '=', leadId)
    .executeTakeFirstOrThrow();
  await sql`
    insert into assignments select (jsonb_populate_record(null::assignments,
      to_jsonb(planted) || jsonb_build_object('id', gen_random_uuid(), 'lead_id', other.id))).*
    from assignments planted, leads other
    where planted.id = ${assignment.id} and other.agency_id = ${agencyId} and other.id <> ${leadId}
  `.execute(ownerDb);
}, 60_000);
afterAll(async () => {
  await one.destroy();
  await database.drop();
});

/** Rows that all transactions so far have looked at, as far as their connections have told; this one has. */
async function lookedAt(): Promise<number> {
  await sql`select pg_stat_force_next_flush()`.execute(one);
  const { rows } = await sql<{ rows: number }>`
    select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int as rows from pg_stat_user_tables
    where relname ~ '^(leads|persons|assignments|decisions|events|contacts|reps|locations)'
  `.execute(one);
  return rows[0]!.rows;
}

it.each([
  ['what a step must know', findPlacementFacts],
  ['also why it was made', findExplainedPlacement],
])('reads of an assignment %s by keys, although Postgres has not counted how many the agency has', async (_, find) => {
  const before = await lookedAt();
  const facts = await withScope(one, { agencyId: assignment.agency_id }, (tx) => find(tx, assignment));
  expect(facts).toBeDefined();
  expect((await lookedAt()) - before).toBeLessThan(100);
});

it('tells the decision behind an assignment, and says when that is past its time', async () => {
  const read = (of: Assignment) => withScope(one, { agencyId: of.agency_id }, (tx) => findExplainedPlacement(tx, of));
  const decision = await database.ownerDb
    .selectFrom('decisions')
    .selectAll()
    .where('id', '=', assignment.decision_id)
    .executeTakeFirstOrThrow();
  const { step, reason, rule_version: ruleVersion } = decision;
  expect(await read(assignment)).toMatchObject({ step, reason, ruleVersion });
  await expect(read({ ...assignment, decision_id: crypto.randomUUID() })).rejects.toThrow('no decision');
});

it('finds no lead of another agency', async () => {
  const neighbour = await plantTenant(database.ownerDb, 'beside');
  const stolen = { ...assignment, agency_id: neighbour.agencyId };
  await expect(
    withScope(one, { agencyId: neighbour.agencyId }, (tx) => findPlacementFacts(tx, stolen)),
  ).rejects.toThrow('no lead');
});

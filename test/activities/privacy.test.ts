import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../stack/activity-bench.ts';
import { failureOf } from './failure.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';

let all: Neighbours;
beforeAll(async () => {
  all = await startNeighbours();
});
afterAll(() => all.bench.stop());

/** Spellings that occur nowhere else, as they are typed and as they are stored. */
const TOLD_APART = ['Zyxwora', 'Qvantik', 'zyx.qv@secret.test', '6175550142', '617) 555-0142', 'Wlodek', 'Bohumir'];

/** Where personal data belongs, and the mirror of what GHL was given; everything else of the database is looked through. */
const MAY_HOLD = ['persons', 'contacts', 'mirror_records'];

it('puts no name, e-mail or phone into any other table or into a failure', async () => {
  const { bench, agency } = all;
  const person = {
    firstName: 'Zyxwora',
    lastName: 'Qvantik',
    email: 'zyx.qv@secret.test',
    phone: '(617) 555-0142',
    postcode: '02116',
  };
  const held = await agency.told(person);
  const again = await agency.received(person);
  await run(bench.leads.routeLead, { ...again, reroute: false });
  await run(bench.leads.reserveReassignment, { ...held, request: { repId: 'Zyxwora' } });
  await run(bench.leads.adoptReassignment, { ...held, ghlUserId: 'Zyxwora' });
  await run(bench.leads.recordUntold, { ...held, cause: 'GhlInvalid' });
  const stranger = { firstName: 'Wlodek', phone: person.phone, postcode: person.postcode };
  const second = await agency.reserved(stranger);
  await run(bench.ghl.placeLead, second);
  await run(bench.leads.confirmAssignment, second);
  const failures = [await failureOf(run(bench.ghl.explainLead, second))];
  await bench.simulator.addFault({
    status: 422,
    message: 'email zyx.qv@secret.test is taken by Zyxwora',
    path: '/notes',
  });
  const third = await agency.placed({ ...person, firstName: 'Bohumir', email: 'other.zyx.qv@secret.test' });
  failures.push(await failureOf(run(bench.ghl.explainLead, third)));
  await bench.simulator.clearFaults();
  await run(bench.leads.closeLead, { ...held, closeReason: 'won', actor: 'test' });

  const said = failures.map((failure) => `${failure.message} ${failure.stack} ${JSON.stringify(failure.cause)}`);
  const columns = await sql<{ table: string; column: string }>`
    select c.relname as table, a.attname as column from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join pg_type t on t.oid = a.atttypid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and t.typname in ('text', 'jsonb', 'varchar', '_text')
  `.execute(bench.database.ownerDb);
  const found: string[] = [];
  for (const { table, column } of columns.rows) {
    if (MAY_HOLD.includes(table)) continue;
    const rows = await sql<{ value: string }>`
      select ${sql.ref(column)}::text as value from ${sql.table(table)} where ${sql.ref(column)} is not null
    `.execute(bench.database.ownerDb);
    for (const { value } of rows.rows) said.push(`${table}.${column}: ${value}`);
  }
  expect(said.length).toBeGreaterThan(100);
  for (const text of said) {
    if (TOLD_APART.some((part) => text.toLowerCase().includes(part.toLowerCase()))) found.push(text);
  }
  expect(found).toEqual([]);
});

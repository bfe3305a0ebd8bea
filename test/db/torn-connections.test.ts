import { randomInt } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDatabase } from '../../db/database.ts';
import type { Database } from '../../db/schema.ts';
import { commitWith, withScope } from '../../db/scope.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { plantTenant, type Tenant } from './plant-tenant.ts';

const CALLERS = 24;
const ROUNDS = 12;

let database: TestDatabase;
let db: Kysely<Database>;
let tenants: Tenant[];
beforeAll(async () => {
  database = await createTestDatabase();
  tenants = [await plantTenant(database.ownerDb, 'one'), await plantTenant(database.ownerDb, 'other')];
  await sql`create table told (agency_id uuid not null, run text primary key)`.execute(database.ownerDb);
  await sql`alter table told enable row level security`.execute(database.ownerDb);
  await sql`create policy own on told using (agency_id::text = current_setting('app.agency_id', true))`.execute(
    database.ownerDb,
  );
  await sql`grant insert, select on told to switchyard_app`.execute(database.ownerDb);
  db = createDatabase({ url: `${database.url}?query_timeout=400`, poolSize: 6 });
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

type Work = (scope: { agencyId: string }, run: string) => Promise<{ told: boolean; seen: string[] }>;
const noteOf = (agencyId: string, run: string) => sql`insert into told values (${agencyId}, ${run})`;
const look = sql<{ id: string; role: string }>`select id, current_user as role from agencies`;
const idsIn = (rows: { id: string; role: string }[]): string[] =>
  rows.map(({ id, role }) => (role === 'switchyard_app' ? id : role));

/** Ways in which transactions go, and go wrong. */
const WORKS: Work[] = [
  async (scope) => ({
    told: false,
    seen: idsIn((await withScope(db, scope, (tx) => look.execute(tx), 'one statement')).rows),
  }),
  (scope, run) =>
    withScope(db, scope, async (tx) => {
      const { rows } = await look.execute(tx);
      await noteOf(scope.agencyId, run).execute(tx);
      return { told: true, seen: idsIn(rows) };
    }),
  (scope, run) =>
    withScope(db, scope, async (tx) => {
      const { rows } = await look.execute(tx);
      await commitWith(tx, noteOf(scope.agencyId, run));
      return { told: true, seen: idsIn(rows) };
    }),
  (scope, run) =>
    withScope(db, scope, async (tx) => {
      await noteOf(scope.agencyId, run).execute(tx);
      await sql`not a statement`.execute(tx);
      return { told: true, seen: [] };
    }),
  (scope, run) =>
    withScope(db, scope, async (tx) => {
      const { rows } = await look.execute(tx);
      await noteOf(scope.agencyId, run).execute(tx);
      const mayFail = randomInt(4) === 0 ? sql`select pg_sleep(0.5)` : sql`select 1 / ${randomInt(2)}`;
      await mayFail.execute(tx).catch(() => undefined);
      return { told: true, seen: idsIn(rows) };
    }),
  (scope, run) =>
    withScope(db, scope, async (tx) => {
      const asked = [
        sql`select 1 / ${randomInt(2)}`.execute(tx),
        noteOf(scope.agencyId, run).execute(tx),
        look.execute(tx),
      ] as const;
      const [, , { rows }] = await Promise.all(asked);
      return { told: true, seen: idsIn(rows) };
    }),
];

it('no transaction sees another tenant or is told a lie while connections are torn and statements cancelled', async () => {
  const told = new Set<string>();
  const untold = new Set<string>();
  const failed = new Set<string>();
  let isOver = false;
  async function call(caller: number): Promise<void> {
    const { agencyId } = tenants[caller % 2]!;
    for (let round = 0; round < ROUNDS; round += 1) {
      const run = `${caller}/${round}`;
      const kind = randomInt(WORKS.length);
      try {
        const done = await WORKS[kind]!({ agencyId }, run);
        expect(new Set([agencyId, ...done.seen])).toEqual(new Set([agencyId]));
        if (done.told) told.add(run);
      } catch (error) {
        if ((error as Error).name === 'AssertionError') throw error;
        // Of what failed otherwise than by a lost connection nothing may stand.
        const code = String((error as { code?: string }).code ?? (error as Error).message);
        failed.add(code);
        if (/^(2|4|TransactionUndone)/.test(code)) untold.add(run);
      }
    }
  }
  async function tear(): Promise<void> {
    while (!isOver) {
      const how = sql.raw(randomInt(2) === 0 ? 'pg_terminate_backend' : 'pg_cancel_backend');
      await sql`select ${how}(pid) from pg_stat_activity
        where datname = current_database() and usename <> current_user order by random() limit 2`.execute(
        database.ownerDb,
      );
    }
  }
  const tearing = tear();
  await Promise.all(Array.from({ length: CALLERS }, (_, caller) => call(caller))).finally(() => (isOver = true));
  await tearing;
  const stored = new Set(
    (await sql<{ run: string }>`select run from told`.execute(database.ownerDb)).rows.map(({ run }) => run),
  );
  expect([...told].filter((run) => !stored.has(run))).toEqual([]);
  expect([...untold].filter((run) => stored.has(run))).toEqual([]);
  // It was an attack: some were told, some were cut, and the failure of some was kept from who asked.
  expect(told.size).toBeGreaterThan(0);
  expect([...failed]).toEqual(expect.arrayContaining(['42601', 'Connection terminated unexpectedly']));
});

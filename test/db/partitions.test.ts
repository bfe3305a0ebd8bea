import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureMonthPartitions } from '../../db/partitions.ts';
import { type SystemRole, withSystemRole } from '../../db/scope.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';

const PARTITIONED = ['audit_log', 'decisions', 'events', 'lead_timeline', 'messages'];

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const ensure = (months: number) => withSystemRole(database.db, 'upkeep', (tx) => ensureMonthPartitions(tx, months));
const leaves = async (): Promise<string[]> => {
  const found = await sql<{ name: string }>`
    select relname as name from pg_class where relispartition and relkind = 'r' and relname not like '%_past' order by 1`.execute(
    database.ownerDb,
  );
  return found.rows.map(({ name }) => name);
};

describe('ensureMonthPartitions', () => {
  it('makes the months that are missing for every partitioned table, and none twice', async () => {
    const before = await leaves();
    expect(before).toHaveLength(12 * PARTITIONED.length);
    expect(await ensure(12)).toBe(0);
    expect(await ensure(14)).toBe(2 * PARTITIONED.length);
    expect(await ensure(14)).toBe(0);
    expect(await leaves()).toHaveLength(14 * PARTITIONED.length);
  });

  it('makes each once when several processes ask at the same time', async () => {
    const made = await Promise.all(Array.from({ length: 6 }, () => ensure(16)));
    expect(made.filter((count) => count > 0)).toEqual([2 * PARTITIONED.length]);
  });

  it('makes partitions that no role of a running process reaches but through the parent', async () => {
    const newest = (await leaves()).filter((name) => name.startsWith('events_')).at(-1)!;
    for (const role of ['app', 'intake', 'relay', 'upkeep'] satisfies SystemRole[]) {
      const read = withSystemRole(database.db, role, (tx) => sql`select 1 from ${sql.table(newest)}`.execute(tx));
      await expect(read).rejects.toMatchObject({ code: '42501' });
    }
  });

  it('is refused to every other role', async () => {
    for (const role of ['app', 'intake', 'relay'] satisfies SystemRole[]) {
      const asked = withSystemRole(database.db, role, (tx) => ensureMonthPartitions(tx, 1));
      await expect(asked).rejects.toMatchObject({ code: '42501' });
    }
  });

  it('covers this month and leaves no gap', async () => {
    const months = (await leaves()).filter((name) => /^events_\d{4}_\d{2}$/.test(name)).map((name) => name.slice(-7));
    const now = await sql<{ month: string }>`select to_char(current_date, 'YYYY_MM') as month`.execute(
      database.ownerDb,
    );
    expect(months[0]).toBe(now.rows[0]?.month);
    const numbers = months.map((month) => Number(month.slice(0, 4)) * 12 + Number(month.slice(5)));
    for (const [index, number] of numbers.entries()) expect(number).toBe(numbers[0]! + index);
  });

  it('makes months of UTC, whatever zone the login has: none overlaps the one before, or leaves hours out', async () => {
    const makeIn = (zone: string, month: string) =>
      database.ownerDb.transaction().execute(async (tx) => {
        await sql`select set_config('timezone', ${zone}, true)`.execute(tx);
        await sql`select ensure_month_partitions(${month}::date, 1)`.execute(tx);
      });
    await makeIn('Pacific/Auckland', '2041-03-01');
    await makeIn('America/Los_Angeles', '2041-04-01');
    await makeIn('Pacific/Auckland', '2041-05-01');
    const bounds = await sql<{ bounds: string }>`
      select pg_get_expr(relpartbound, oid) as bounds from pg_class where relispartition and relkind = 'r' and relname like 'events_2041_%'
      order by relname
    `.execute(database.ownerDb);
    const month = (from: string, to: string) =>
      `FOR VALUES FROM ('2041-${from}-01 00:00:00+00') TO ('2041-${to}-01 00:00:00+00')`;
    expect(bounds.rows.map((row) => row.bounds)).toEqual([month('03', '04'), month('04', '05'), month('05', '06')]);
  });
});

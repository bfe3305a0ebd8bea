import { sql } from 'kysely';
import { NOTHING_OBSERVED } from '../../domain/ghl-budget.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase } from '../../db/database.ts';
import { createBreakerStore } from '../../db/ghl-breakers.ts';
import { createBudgetStore } from '../../db/ghl-budgets.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { plantTenant, type Tenant } from './plant-tenant.ts';

const now = new Date('2026-01-01T00:00:00Z');

let database: TestDatabase;
let tenant: Tenant;
beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await plantTenant(database.ownerDb, 'tenant');
});
afterAll(() => database.drop());

const location = (ghlLocationId: string) => ({ kind: 'location', agencyId: tenant.agencyId, ghlLocationId }) as const;

const clock = (): Date => now;
/** One call whose answer tells GHL's published limit. */
async function learnLimit(store: ReturnType<typeof createBudgetStore>, of: ReturnType<typeof location>): Promise<void> {
  const taken = await store.take(of, 'interactive');
  if (!taken.granted) throw new Error('refused');
  const observation = { ...NOTHING_OBSERVED, windowLimit: 100, windowRemaining: 99 };
  await store.settle(of, taken.grant, observation).stored;
}

describe('the budget store', () => {
  it('grants no more than GHL’s 100 in 10 seconds to two processes that ask at once', async () => {
    const [a, b] = [
      createDatabase({ url: database.url, poolSize: 8 }),
      createDatabase({ url: database.url, poolSize: 8 }),
    ];
    const stores = [createBudgetStore(a, clock), createBudgetStore(b, clock)];
    await learnLimit(stores[0]!, location('one'));
    const asked = await Promise.all(
      Array.from({ length: 130 }, (_, turn) => stores[turn % 2]!.take(location('one'), 'interactive')),
    );
    await Promise.all([a.destroy(), b.destroy()]);
    expect(asked.filter(({ granted }) => granted)).toHaveLength(99);
    for (const answer of asked) expect(answer.granted || answer.waitMs > 0).toBe(true);
  });

  it('grants again after the window', async () => {
    const refused = await createBudgetStore(database.db, clock).take(location('one'), 'interactive');
    if (refused.granted) throw new Error('granted');
    const later = new Date(now.getTime() + refused.waitMs);
    const answer = await createBudgetStore(database.db, () => later).take(location('one'), 'interactive');
    expect(answer).toMatchObject({ granted: true });
  });

  it('goes by Postgres’ clock, which all processes have in common', async () => {
    const readClock = async () =>
      (await sql<{ now: Date }>`select clock_timestamp() as now`.execute(database.db)).rows[0]!.now.getTime();
    const before = await readClock();
    const answer = await createBudgetStore(database.db).take(location('clock'), 'interactive');
    if (!answer.granted) throw new Error('refused');
    expect(answer.grant.atMs).toBeGreaterThanOrEqual(before);
    expect(answer.grant.atMs).toBeLessThanOrEqual(await readClock());
  });

  it('stores what a process asks of one location meanwhile in one transaction', async () => {
    const store = createBudgetStore(database.db, clock);
    await learnLimit(store, location('gathered'));
    const { ownerDb } = database;
    await sql`create table budget_writes (resource text)`.execute(ownerDb);
    await sql`create function note_write() returns trigger language plpgsql security definer as
      $$ begin insert into public.budget_writes values (new.resource); return new; end $$`.execute(ownerDb);
    await sql`create trigger note_write after update on ghl_budgets for each row execute function note_write()`.execute(
      ownerDb,
    );
    const taken = await Promise.all(Array.from({ length: 20 }, () => store.take(location('gathered'), 'interactive')));
    await Promise.all(
      taken.map(async (each) => {
        if (each.granted) await store.settle(location('gathered'), each.grant, NOTHING_OBSERVED).stored;
      }),
    );
    const { rows } = await sql<{ writes: number }>`
      select count(*)::int as writes from budget_writes where resource = 'location/gathered'
    `.execute(ownerDb);
    expect(taken.every(({ granted }) => granted)).toBe(true);
    // What is taken in one turn goes together, and all ends of calls are one more.
    expect(rows[0]!.writes).toBe(2);
  });

  it('has what a call brought in its state for the next request, though nobody has waited for that', async () => {
    const store = createBudgetStore(database.db, clock);
    const first = await store.take(location('ridden'), 'interactive');
    if (!first.granted) throw new Error('refused');
    const limits = { ...NOTHING_OBSERVED, windowLimit: 1, windowRemaining: 0 };
    const { isNews, stored } = store.settle(location('ridden'), first.grant, limits);
    expect(isNews).toBe(true);
    expect(await store.take(location('ridden'), 'interactive')).toMatchObject({ granted: false });
    await stored;
  });

  it('stores the end of a call that nothing follows, soon', async () => {
    const store = createBudgetStore(database.db);
    await learnLimit(store, location('alone'));
    const taken = await store.take(location('alone'), 'interactive');
    if (!taken.granted) throw new Error('refused');
    const answered = { ...NOTHING_OBSERVED, windowLimit: 100, windowRemaining: 98 };
    const { isNews, stored } = store.settle(location('alone'), taken.grant, answered);
    expect(isNews).toBe(false);
    await stored;
  });

  it('raises to each who waits what Postgres raises, and works again afterwards', async () => {
    const store = createBudgetStore(database.db, clock);
    const { ownerDb } = database;
    await sql`alter table ghl_budgets rename to ghl_budgets_away`.execute(ownerDb);
    const asked = await Promise.allSettled([1, 2, 3].map(() => store.take(location('failing'), 'interactive')));
    await sql`alter table ghl_budgets_away rename to ghl_budgets`.execute(ownerDb);
    expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await store.take(location('failing'), 'interactive')).toMatchObject({ granted: true });
  });

  it('has a budget for each location and each company, and one for each agency', async () => {
    const store = createBudgetStore(database.db, clock);
    const other = await plantTenant(database.ownerDb, 'other');
    expect(await store.take(location('two'), 'interactive')).toMatchObject({ granted: true });
    const company = { kind: 'company', agencyId: tenant.agencyId, ghlCompanyId: 'one' } as const;
    expect(await store.take(company, 'interactive')).toMatchObject({ granted: true });
    const elsewhere = { ...location('one'), agencyId: other.agencyId };
    expect(await store.take(elsewhere, 'interactive')).toMatchObject({ granted: true });
  });
});

describe('the breaker store', () => {
  it('tells every process until when a group of endpoints is left alone; the longest time stands', async () => {
    const [first, second] = [createBreakerStore(database.db), createBreakerStore(database.db)];
    expect(await second.readOpenUntil('contacts')).toBeNull();
    await Promise.all([5_000, 30_000, 10_000].map((ms) => first.writeOpenUntil('contacts', now.getTime() + ms)));
    expect(await second.readOpenUntil('contacts')).toBe(now.getTime() + 30_000);
    expect(await second.readOpenUntil('opportunities')).toBeNull();
  });
});

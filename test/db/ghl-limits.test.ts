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

describe('the budget store', () => {
  it('grants no more than GHL’s 100 in 10 seconds to two processes that ask at once', async () => {
    const [a, b] = [
      createDatabase({ url: database.url, poolSize: 8 }),
      createDatabase({ url: database.url, poolSize: 8 }),
    ];
    const stores = [createBudgetStore(a), createBudgetStore(b)];
    const asked = await Promise.all(
      Array.from({ length: 130 }, (_, turn) => stores[turn % 2]!.take(location('one'), 'interactive', now)),
    );
    await Promise.all([a.destroy(), b.destroy()]);
    expect(asked.filter(({ granted }) => granted)).toHaveLength(100);
    for (const { granted, waitMs } of asked) expect(waitMs > 0).toBe(!granted);
  });

  it('grants again after the window', async () => {
    const store = createBudgetStore(database.db);
    const { waitMs } = await store.take(location('one'), 'interactive', now);
    expect(waitMs).toBeGreaterThan(0);
    expect(await store.take(location('one'), 'interactive', new Date(now.getTime() + waitMs))).toMatchObject({
      granted: true,
    });
  });

  it('has a budget for each location and each company, and one for each agency', async () => {
    const store = createBudgetStore(database.db);
    const other = await plantTenant(database.ownerDb, 'other');
    expect(await store.take(location('two'), 'interactive', now)).toMatchObject({ granted: true });
    const company = { kind: 'company', agencyId: tenant.agencyId, ghlCompanyId: 'one' } as const;
    expect(await store.take(company, 'interactive', now)).toMatchObject({ granted: true });
    const elsewhere = { ...location('one'), agencyId: other.agencyId };
    expect(await store.take(elsewhere, 'interactive', now)).toMatchObject({ granted: true });
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

import { describe, expect, it } from 'vitest';
import { listNearlySpent } from '../../domain/budget-left.ts';
import { type BudgetState, decideBudget, type Lane, openBudget, readBudgetLeft } from '../../domain/ghl-budget.ts';
import { readRules } from './rules.ts';

const START = new Date('2026-03-01T00:00:00Z');

const limitOf = async (alert: string): Promise<number> => {
  const rule = (await readRules()).find((each) => each.alert === alert)!;
  return Number(/ < ([\d.]+)$/.exec(rule.expr)![1]);
};

/** A budget of GHL's own size of which nothing is used. */
const fresh = (more: Partial<BudgetState> = {}): BudgetState => ({
  ...openBudget(START),
  windowLimit: 100,
  isLimitKnown: true,
  ...more,
});

/** Takes of a budget all that a lane may have now. */
function takeAll(state: BudgetState, lane: Lane, now: Date): BudgetState {
  for (let current = state; ;) {
    const decision = decideBudget(current, lane, now);
    current = decision.state;
    if (!decision.granted) return current;
  }
}

describe('the rule of the window', () => {
  it.each<[string, Lane, boolean]>([
    ['is raised when polling and reads use all that they may', 'sync', true],
    ['is raised when leads do', 'interactive', true],
    ['is not raised by a backfill alone', 'bulk', false],
  ])('%s', async (_what, lane, isRaised) => {
    const limit = await limitOf('GhlWindowBudgetLow');
    let state = fresh();
    for (let second = 0; second < 60; second += 1) {
      const now = new Date(START.getTime() + second * 1_000);
      state = takeAll(state, lane, now);
      expect(readBudgetLeft(state, now).window < limit, `second ${second}`).toBe(isRaised);
    }
  });
});

describe('the rule of the day, and the notice of it', () => {
  const dayOf = (used: number): BudgetState => fresh({ dayCounts: { interactive: 0, sync: used, bulk: 0, others: 0 } });
  const tell = (state: BudgetState) =>
    listNearlySpent([{ agencyId: 'a', locationId: null, resource: 'location/x', state }], START);

  it('are raised while polling still has something of the day', async () => {
    const limit = await limitOf('GhlDayBudgetLow');
    const state = dayOf(175_000);
    expect(decideBudget(state, 'sync', START).granted).toBe(true);
    expect(readBudgetLeft(state, START).day).toBeLessThan(limit);
    expect(tell(state)).toMatchObject([{ leftPercent: 13 }]);
  });

  it('are raised when it has nothing any more', async () => {
    const state = dayOf(180_000);
    expect(decideBudget(state, 'sync', START)).toMatchObject({ granted: false, reason: 'day' });
    expect(readBudgetLeft(state, START).day).toBeLessThan(await limitOf('GhlDayBudgetLow'));
    expect(tell(state)).toMatchObject([{ leftPercent: 10 }]);
  });

  it('are not raised by a backfill, which stops before', async () => {
    const state = fresh({ dayCounts: { interactive: 0, sync: 0, bulk: 140_000, others: 0 } });
    expect(decideBudget(state, 'bulk', START)).toMatchObject({ granted: false, reason: 'day' });
    expect(readBudgetLeft(state, START).day).toBeGreaterThan(await limitOf('GhlDayBudgetLow'));
    expect(tell(state)).toEqual([]);
  });
});

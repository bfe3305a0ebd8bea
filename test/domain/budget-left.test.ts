import { describe, expect, it } from 'vitest';
import { summariseBudgets } from '../../domain/budget-left.ts';
import { type BudgetState, decideBudget, NOTHING_OBSERVED, openBudget, settleBudget } from '../../domain/ghl-budget.ts';

const now = new Date('2026-01-01T00:00:00Z');

/** A budget of 100 in 10 s of which so many are used now. */
function used(requests: number, more: Partial<typeof NOTHING_OBSERVED> = {}): BudgetState {
  const { state } = decideBudget(openBudget(now), 'interactive', now);
  const observation = { ...NOTHING_OBSERVED, windowLimit: 100, windowRemaining: 100 - requests, ...more };
  return settleBudget(state, { lane: 'interactive', atMs: now.getTime() }, observation, now);
}

describe('what is left of budgets', () => {
  it('is told for companies and locations apart, as the least and the median', () => {
    const budgets = [
      { resource: 'location/a', state: used(10) },
      { resource: 'location/b', state: used(90) },
      { resource: 'location/c', state: used(40) },
      { resource: 'company/d', state: used(20) },
    ];
    const left = summariseBudgets(budgets, now);
    expect(left.location.active).toBe(3);
    expect(left.location.window.min).toBeCloseTo(0.1);
    expect(left.location.window.median).toBeCloseTo(0.6);
    expect(left.company.active).toBe(1);
    expect(left.company.window.min).toBeCloseTo(0.8);
  });

  it('is nothing of the window during a pause, whatever was used', () => {
    const left = summariseBudgets([{ resource: 'location/a', state: used(1, { pauseMs: 5_000 }) }], now);
    expect(left.location.window.min).toBe(0);
    expect(left.location.day.min).toBeGreaterThan(0.99);
  });

  it('is whole once the window has gone by, and the day counts on', () => {
    const state = used(100, { dayLimit: 1_000, dayRemaining: 250 });
    const later = new Date(now.getTime() + 60_000);
    const left = summariseBudgets([{ resource: 'location/a', state }], later);
    expect(left.location.window.min).toBe(1);
    expect(left.location.day.min).toBeCloseTo(0.25);
  });

  it('is whole where nothing was called', () => {
    expect(summariseBudgets([], now).company).toMatchObject({ active: 0, window: { min: 1, median: 1 } });
  });
});

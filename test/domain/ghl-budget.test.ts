import { describe, expect, it } from 'vitest';
import type { BudgetGrant, BudgetState } from '../../domain/ghl-budget.ts';
import { decideBudget, isBudgetNews, NOTHING_OBSERVED, openBudget, settleBudget } from '../../domain/ghl-budget.ts';
import { at, drain, known, START } from './budget-fixtures.ts';

const silent = NOTHING_OBSERVED;
const first: BudgetGrant = { lane: 'interactive', atMs: START.getTime() };

/** The state after one request was sent at the start and answered now. */
const answered = (state: BudgetState, observation: typeof silent, now: Date): BudgetState =>
  settleBudget(decideBudget(state, 'interactive', START).state, first, observation, now);

describe('the budget of a GHL resource', () => {
  it('lets interactive work use the whole window when nobody else waits', () => {
    expect(drain(known(), 'interactive', START).granted).toBe(100);
  });

  it('makes sync leave a fifth of the window and bulk half of it', () => {
    expect(drain(known(), 'sync', START).granted).toBe(80);
    expect(drain(known(), 'bulk', START).granted).toBe(50);
  });

  it('leaves interactive work its reserve after the other lanes have taken all they may', () => {
    const bulk = drain(known(), 'bulk', START);
    const sync = drain(bulk.state, 'sync', START);
    expect(bulk.granted + sync.granted).toBe(80);
    expect(drain(sync.state, 'interactive', START).granted).toBeGreaterThanOrEqual(15);
  });

  it('gives a waiting bulk lane its minimum although interactive work asks without end', () => {
    let state = drain(known(), 'interactive', START).state;
    const refused = decideBudget(state, 'bulk', START);
    expect(refused.granted).toBe(false);
    state = drain(refused.state, 'interactive', at(10_600)).state;
    expect(drain(state, 'bulk', at(10_600)).granted).toBe(5);
  });

  it('says when asking again can succeed', () => {
    const drained = drain(known(), 'interactive', START);
    expect(drained.reason).toBe('window');
    expect(decideBudget(drained.state, 'interactive', at(drained.waitMs - 1)).granted).toBe(false);
    expect(decideBudget(drained.state, 'interactive', at(drained.waitMs)).granted).toBe(true);
  });

  it('lets no more through than a sandbox allows until an answer has told the limit', () => {
    const opened = drain(openBudget(START), 'interactive', START);
    expect(opened.granted).toBe(25);
    expect(opened.waitMs).toBeLessThan(1_000);
    const told = settleBudget(opened.state, first, { ...silent, windowLimit: 100, windowRemaining: 99 }, START);
    expect(drain(told, 'interactive', START).granted).toBe(75);
  });

  it('learns a smaller limit from the headers', () => {
    const taken = decideBudget(known(), 'interactive', START).state;
    const learned = settleBudget(taken, first, { ...silent, windowLimit: 25, windowRemaining: 24 }, START);
    expect(drain(learned, 'interactive', START).granted).toBe(24);
  });

  it('counts requests that others have made with the same app', () => {
    const learned = answered(known(), { ...silent, windowLimit: 100, windowRemaining: 10 }, START);
    expect(drain(learned, 'interactive', START).granted).toBe(10);
  });

  it('keeps its own count when GHL has not seen the requests under way', () => {
    const taken = drain(known(), 'interactive', START, 60).state;
    const learned = settleBudget(taken, first, { ...silent, windowLimit: 100, windowRemaining: 95 }, START);
    expect(drain(learned, 'interactive', START).granted).toBe(40);
  });

  it('ignores what a late answer says of a window that is over', () => {
    const learned = answered(known(), { ...silent, windowRemaining: 0 }, at(30_000));
    // The late one itself counts until a window after its answer.
    expect(drain(learned, 'interactive', at(30_000)).granted).toBe(99);
  });

  it('pauses every lane after a 429', () => {
    const paused = answered(known(), { ...silent, pauseMs: 7_000 }, START);
    expect(decideBudget(paused, 'interactive', at(1_000))).toMatchObject({
      granted: false,
      reason: 'paused',
      waitMs: 6_000,
    });
    expect(decideBudget(paused, 'interactive', at(7_000)).granted).toBe(true);
  });

  it('is not shortened by a later pause that ends sooner', () => {
    const paused = answered(known(), { ...silent, pauseMs: 7_000 }, START);
    const again = settleBudget(paused, first, { ...silent, pauseMs: 1_000 }, START);
    expect(decideBudget(again, 'interactive', at(6_999)).granted).toBe(false);
  });

  it('keeps what it has counted when GHL turns out to have another window', () => {
    const taken = drain(known(), 'interactive', START, 60).state;
    const learned = settleBudget(taken, first, { ...silent, windowMs: 2_000 }, START);
    expect(drain(learned, 'interactive', START).granted).toBe(40);
    expect(drain(learned, 'interactive', at(2_100)).granted).toBe(100);
  });

  it('does not believe a limit of nothing, of the window or of the day', () => {
    const learned = answered(known(), { ...silent, windowLimit: 0, dayLimit: 0 }, START);
    expect(drain(learned, 'interactive', START).granted).toBe(99);
  });

  it('counts each request against the day until it is over', () => {
    let state = answered(known(), { ...silent, dayLimit: 120, dayRemaining: 119, dayResetInMs: 60_000 }, START);
    let granted = 0;
    for (let offsetMs = 0; offsetMs < 60_000; offsetMs += 5_000) {
      const drained = drain(state, 'interactive', at(offsetMs));
      granted += drained.granted;
      state = drained.state;
    }
    expect(granted).toBe(119);
    expect(drain(state, 'interactive', at(60_000)).granted).toBe(100);
  });

  it('keeps its own count of the day when GHL has not seen the requests under way', () => {
    const taken = drain({ ...known(), windowLimit: 1_000 }, 'interactive', START, 60).state;
    const told = settleBudget(taken, first, { ...silent, dayLimit: 100, dayRemaining: 95 }, START);
    expect(drain(told, 'interactive', START)).toMatchObject({ granted: 40, reason: 'day' });
  });

  it('leaves sync work a part of the day’s last, and interactive work all of it', () => {
    const late = answered(known(), { ...silent, dayLimit: 1_000, dayRemaining: 90 }, START);
    const afterMinimum: BudgetState = { ...late, dayCounts: { ...late.dayCounts, sync: 10 } };
    expect(decideBudget(afterMinimum, 'sync', START)).toMatchObject({ granted: false, reason: 'day' });
    expect(drain(late, 'sync', START)).toMatchObject({ granted: 10, reason: 'day' });
    expect(drain(late, 'interactive', START)).toMatchObject({ granted: 90, reason: 'day' });
  });

  it('stops bulk work while the last of the day is kept for leads', () => {
    const late = answered(known(), { ...silent, dayLimit: 200_000, dayRemaining: 35_000 }, START);
    const afterMinimum: BudgetState = { ...late, dayCounts: { ...late.dayCounts, bulk: 5_000, sync: 5_000 } };
    expect(decideBudget(afterMinimum, 'bulk', START)).toMatchObject({ granted: false, reason: 'day' });
    expect(decideBudget(afterMinimum, 'sync', START).granted).toBe(true);
  });

  it('begins a new day when the old one is over or when GHL has begun one', () => {
    const used = answered(known(), { ...silent, dayRemaining: 0, dayResetInMs: 3_600_000 }, START);
    expect(decideBudget(used, 'interactive', START)).toMatchObject({ granted: false, reason: 'day', waitMs: 900_000 });
    expect(decideBudget(used, 'interactive', at(3_600_000)).granted).toBe(true);
    const renewed = settleBudget(used, first, { ...silent, dayRemaining: 199_000 }, at(60_000));
    expect(decideBudget(renewed, 'interactive', at(60_000)).granted).toBe(true);
  });

  it('tries again after a quarter of an hour when GHL does not say when its day ends', () => {
    const used = answered(known(), { ...silent, dayRemaining: 0 }, START);
    expect(decideBudget(used, 'interactive', at(14 * 60_000)).granted).toBe(false);
    expect(decideBudget(used, 'interactive', at(15 * 60_000)).granted).toBe(true);
  });
});

describe('an answer of GHL', () => {
  const taken = decideBudget(decideBudget(known(), 'interactive', START).state, 'interactive', START).state;
  const told = { ...silent, windowLimit: 100, windowMs: 10_000, dayLimit: 200_000, dayResetInMs: 86_400_000 };
  const asCounted = { ...told, windowRemaining: 98, dayRemaining: 199_998 };

  it.each([
    ['as much used as we count', asCounted],
    ['less used than we count, for requests that are still on their way', { ...asCounted, windowRemaining: 99 }],
    ['no headers', silent],
  ])('is no news with %s, and then only moves its request', (_, observation) => {
    expect(isBudgetNews(taken, observation, at(500))).toBe(false);
    const settled = settleBudget(taken, first, observation, at(500));
    const moved = settleBudget(taken, first, silent, at(500));
    expect({ ...settled, dayResetsAtMs: 0 }).toEqual({ ...moved, dayResetsAtMs: 0 });
  });

  it.each([
    ['more used in the window than we count', { ...asCounted, windowRemaining: 97 }],
    ['more used in the day than we count', { ...asCounted, dayRemaining: 199_990 }],
    ['a day begun anew', { ...asCounted, dayRemaining: 200_000, dayResetInMs: 3_600_000 }],
    ['another limit', { ...asCounted, windowLimit: 25, windowRemaining: 23 }],
    ['another day’s limit', { ...asCounted, dayLimit: 100_000, dayRemaining: 99_998 }],
    ['another window', { ...asCounted, windowMs: 60_000 }],
    ['a pause', { ...silent, pauseMs: 1_000 }],
  ])('is news with %s', (_, observation) => {
    expect(isBudgetNews(taken, observation, at(500))).toBe(true);
  });

  it('is news while no limit is known', () => {
    const opened = decideBudget(openBudget(START), 'interactive', START).state;
    expect(isBudgetNews(opened, { ...silent, windowLimit: 25, windowRemaining: 24 }, at(100))).toBe(true);
  });
});

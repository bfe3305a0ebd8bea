import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BudgetObservation, BudgetState, Lane } from '../../domain/ghl-budget.ts';
import { decideBudget, observeBudget, openBudget } from '../../domain/ghl-budget.ts';

const START = new Date('2026-03-02T10:00:00.000Z');
const at = (offsetMs: number): Date => new Date(START.getTime() + offsetMs);

/** Takes until the lane is refused; returns how many were granted. */
function drain(state: BudgetState, lane: Lane, now: Date, atMost = 1_000_000) {
  let granted = 0;
  let current = state;
  while (granted < atMost) {
    const decision = decideBudget(current, lane, now);
    current = decision.state;
    if (!decision.granted) return { granted, state: current, waitMs: decision.waitMs, reason: decision.reason };
    granted += 1;
  }
  return { granted, state: current, waitMs: 0, reason: 'granted' };
}

const silent: BudgetObservation = {
  requestedAtMs: START.getTime(),
  windowLimit: null,
  windowRemaining: null,
  windowMs: null,
  dayLimit: null,
  dayRemaining: null,
  dayResetInMs: null,
  pauseMs: null,
};

describe('the budget of a GHL resource', () => {
  it('lets interactive work use the whole window when nobody else waits', () => {
    expect(drain(openBudget(START), 'interactive', START).granted).toBe(100);
  });

  it('makes sync leave a fifth of the window and bulk half of it', () => {
    expect(drain(openBudget(START), 'sync', START).granted).toBe(80);
    expect(drain(openBudget(START), 'bulk', START).granted).toBe(50);
  });

  it('leaves interactive work its reserve after the other lanes have taken all they may', () => {
    const bulk = drain(openBudget(START), 'bulk', START);
    const sync = drain(bulk.state, 'sync', START);
    expect(bulk.granted + sync.granted).toBe(80);
    expect(drain(sync.state, 'interactive', START).granted).toBeGreaterThanOrEqual(15);
  });

  it('gives a waiting bulk lane its minimum although interactive work asks without end', () => {
    let state = drain(openBudget(START), 'interactive', START).state;
    const refused = decideBudget(state, 'bulk', START);
    expect(refused.granted).toBe(false);
    state = drain(refused.state, 'interactive', at(10_600)).state;
    expect(drain(state, 'bulk', at(10_600)).granted).toBe(5);
  });

  it('says when asking again can succeed', () => {
    const drained = drain(openBudget(START), 'interactive', START);
    expect(drained.reason).toBe('window');
    expect(decideBudget(drained.state, 'interactive', at(drained.waitMs - 1)).granted).toBe(false);
    expect(decideBudget(drained.state, 'interactive', at(drained.waitMs)).granted).toBe(true);
  });

  it('never grants more than the limit in any ten seconds', () => {
    const asks = fc.array(
      fc.record({
        gapMs: fc.integer({ min: 0, max: 400 }),
        lane: fc.constantFrom<Lane>('interactive', 'sync', 'bulk'),
      }),
      { minLength: 200, maxLength: 600 },
    );
    fc.assert(
      fc.property(asks, (sequence) => {
        let state = openBudget(START);
        let offsetMs = 0;
        const grantedAt: number[] = [];
        for (const ask of sequence) {
          offsetMs += ask.gapMs;
          const decision = decideBudget(state, ask.lane, at(offsetMs));
          // What is stored survives as JSON.
          state = JSON.parse(JSON.stringify(decision.state)) as BudgetState;
          if (decision.granted) grantedAt.push(offsetMs);
        }
        for (const [first, startMs] of grantedAt.entries()) {
          const inWindow = grantedAt.slice(first).filter((grantMs) => grantMs - startMs <= 10_000);
          expect(inWindow.length).toBeLessThanOrEqual(100);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('learns a smaller limit from the headers', () => {
    const taken = decideBudget(openBudget(START), 'interactive', START).state;
    const learned = observeBudget(taken, { ...silent, windowLimit: 25, windowRemaining: 24 }, START);
    expect(drain(learned, 'interactive', START).granted).toBe(24);
  });

  it('counts requests that others have made with the same app', () => {
    const learned = observeBudget(openBudget(START), { ...silent, windowLimit: 100, windowRemaining: 10 }, START);
    expect(drain(learned, 'interactive', START).granted).toBe(10);
  });

  it('keeps its own count when GHL has not seen the requests under way', () => {
    const taken = drain(openBudget(START), 'interactive', START, 60).state;
    const learned = observeBudget(taken, { ...silent, windowLimit: 100, windowRemaining: 95 }, START);
    expect(drain(learned, 'interactive', START).granted).toBe(40);
  });

  it('ignores what a late answer says of a window that is over', () => {
    const learned = observeBudget(openBudget(START), { ...silent, windowRemaining: 0 }, at(30_000));
    expect(drain(learned, 'interactive', at(30_000)).granted).toBe(100);
  });

  it('pauses every lane after a 429', () => {
    const paused = observeBudget(openBudget(START), { ...silent, pauseMs: 7_000 }, START);
    expect(decideBudget(paused, 'interactive', at(1_000))).toMatchObject({
      granted: false,
      reason: 'paused',
      waitMs: 6_000,
    });
    expect(decideBudget(paused, 'interactive', at(7_000)).granted).toBe(true);
  });

  it('stops bulk work while the last of the day is kept for leads', () => {
    const late = observeBudget(openBudget(START), { ...silent, dayLimit: 200_000, dayRemaining: 35_000 }, START);
    const afterMinimum: BudgetState = { ...late, dayCounts: { ...late.dayCounts, bulk: 5_000, sync: 5_000 } };
    expect(decideBudget(afterMinimum, 'bulk', START)).toMatchObject({ granted: false, reason: 'day' });
    expect(decideBudget(afterMinimum, 'sync', START).granted).toBe(true);
  });

  it('begins a new day when the old one is over or when GHL has begun one', () => {
    const used = observeBudget(openBudget(START), { ...silent, dayRemaining: 0, dayResetInMs: 3_600_000 }, START);
    expect(decideBudget(used, 'interactive', START)).toMatchObject({ granted: false, reason: 'day', waitMs: 900_000 });
    expect(decideBudget(used, 'interactive', at(3_600_000)).granted).toBe(true);
    const renewed = observeBudget(used, { ...silent, dayRemaining: 199_000 }, at(60_000));
    expect(decideBudget(renewed, 'interactive', at(60_000)).granted).toBe(true);
  });

  it('tries again after a quarter of an hour when GHL does not say when its day ends', () => {
    const used = observeBudget(openBudget(START), { ...silent, dayRemaining: 0 }, START);
    expect(decideBudget(used, 'interactive', at(14 * 60_000)).granted).toBe(false);
    expect(decideBudget(used, 'interactive', at(15 * 60_000)).granted).toBe(true);
  });
});

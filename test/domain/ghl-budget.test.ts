import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BudgetGrant, BudgetState, Lane } from '../../domain/ghl-budget.ts';
import { decideBudget, NOTHING_OBSERVED, openBudget, settleBudget } from '../../domain/ghl-budget.ts';

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

const silent = NOTHING_OBSERVED;
/** A resource whose limit is known to be GHL's published one. */
const known = (): BudgetState => ({ ...openBudget(START), windowLimit: 100, isLimitKnown: true });
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
        let state = known();
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

  it('never lets more reach GHL in any ten seconds, however long a request is on its way', () => {
    const requests = fc.array(
      fc.record({
        gapMs: fc.integer({ min: 0, max: 60 }),
        onItsWayMs: fc.integer({ min: 0, max: 3_000 }),
        backMs: fc.integer({ min: 0, max: 2_000 }),
      }),
      { minLength: 300, maxLength: 900 },
    );
    fc.assert(
      fc.property(requests, (sequence) => {
        let state = known();
        let offsetMs = 0;
        let underWay: { grant: BudgetGrant; answeredMs: number }[] = [];
        const arrivals: number[] = [];
        for (const { gapMs, onItsWayMs, backMs } of sequence) {
          offsetMs += gapMs;
          const over = underWay.filter(({ answeredMs }) => answeredMs <= offsetMs);
          underWay = underWay.filter(({ answeredMs }) => answeredMs > offsetMs);
          for (const { grant, answeredMs } of over) state = settleBudget(state, grant, silent, at(answeredMs));
          const decision = decideBudget(state, 'interactive', at(offsetMs));
          state = decision.state;
          if (!decision.granted) continue;
          const arrivesMs = offsetMs + onItsWayMs;
          arrivals.push(arrivesMs);
          const grant = { lane: 'interactive' as const, atMs: START.getTime() + offsetMs };
          underWay.push({ grant, answeredMs: arrivesMs + backMs });
        }
        arrivals.sort((one, other) => one - other);
        for (const [index, atMs] of arrivals.entries()) {
          expect(arrivals.slice(index).filter((other) => other - atMs < 10_000).length).toBeLessThanOrEqual(100);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('starves no lane: whoever goes on asking gets its minimum in every two windows', () => {
    const pressure = fc.record({
      starving: fc.constantFrom<Lane>('interactive', 'sync', 'bulk'),
      others: fc.array(fc.constantFrom<Lane>('interactive', 'sync', 'bulk'), { minLength: 1, maxLength: 4 }),
      limit: fc.constantFrom(25, 100),
    });
    fc.assert(
      fc.property(pressure, ({ starving, others, limit }) => {
        let state: BudgetState = { ...known(), windowLimit: limit };
        const granted: number[] = [];
        for (let offsetMs = 0; offsetMs < 60_000; offsetMs += 100) {
          // The others ask first and far more often.
          const eager = others.filter((lane) => lane !== starving);
          for (const lane of [...eager, ...eager, ...eager]) state = decideBudget(state, lane, at(offsetMs)).state;
          const decision = decideBudget(state, starving, at(offsetMs));
          state = decision.state;
          if (decision.granted) granted.push(offsetMs);
        }
        const minimum = Math.max(1, Math.floor(limit * 0.05));
        for (let fromMs = 0; fromMs <= 39_000; fromMs += 1_000) {
          const inTwoWindows = granted.filter((atMs) => atMs >= fromMs && atMs < fromMs + 20_500);
          expect(inTwoWindows.length).toBeGreaterThanOrEqual(minimum);
        }
      }),
      { numRuns: 60 },
    );
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

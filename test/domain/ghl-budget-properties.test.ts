import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BudgetGrant, BudgetState, Lane } from '../../domain/ghl-budget.ts';
import { decideBudget, NOTHING_OBSERVED, settleBudget } from '../../domain/ghl-budget.ts';
import { at, drain, known, START } from './budget-fixtures.ts';

const LANES: readonly Lane[] = ['interactive', 'sync', 'bulk'];

/** The most of these moments that lie in any span of this length, its end left out as a window leaves it. */
function highestInAny(spanMs: number, moments: readonly number[]): number {
  const sorted = [...moments].sort((one, other) => one - other);
  let first = 0;
  let highest = 0;
  for (const [index, atMs] of sorted.entries()) {
    while (atMs - sorted[first]! >= spanMs) first += 1;
    highest = Math.max(highest, index - first + 1);
  }
  return highest;
}

describe('the budget of a GHL resource, whoever asks and when', () => {
  it('never grants more than the limit in any ten seconds, and grants all of it to those who go on asking', () => {
    const asks = fc.record({
      limit: fc.constantFrom(10, 25, 100),
      // One lane may take all it can before another asks for the first time.
      bursts: fc.array(
        fc.record({
          gapMs: fc.constantFrom(0, 0, 30, 1_000, 9_900, 10_100),
          lane: fc.constantFrom(...LANES),
          asks: fc.constantFrom(1, 5, 120),
        }),
        { minLength: 5, maxLength: 30 },
      ),
    });
    fc.assert(
      fc.property(asks, ({ limit, bursts }) => {
        let state: BudgetState = { ...known(), windowLimit: limit };
        let offsetMs = 0;
        const grantedAt: number[] = [];
        const ask = (lane: Lane): void => {
          const decision = decideBudget(state, lane, at(offsetMs));
          // What is stored survives as JSON.
          state = JSON.parse(JSON.stringify(decision.state)) as BudgetState;
          if (decision.granted) grantedAt.push(offsetMs);
        };
        for (const { gapMs, lane, asks: times } of bursts) {
          offsetMs += gapMs;
          for (let turn = 0; turn < times; turn += 1) ask(lane);
        }
        expect(highestInAny(10_000, grantedAt)).toBeLessThanOrEqual(limit);
        // The lull after them, and then whoever is there may use everything.
        offsetMs += 30_000;
        for (let turn = 0; turn < limit + 10; turn += 1) ask('interactive');
        expect(grantedAt.filter((atMs) => atMs === offsetMs)).toHaveLength(limit);
      }),
      { numRuns: 40 },
    );
  });

  it('leaves each lane’s reserve free, beyond its minimum', () => {
    const asks = fc.record({
      limit: fc.constantFrom(25, 100),
      lanes: fc.array(fc.constantFrom(...LANES), { minLength: 50, maxLength: 400 }),
    });
    const free = { interactive: 0, sync: 0.2, bulk: 0.5 };
    fc.assert(
      fc.property(asks, ({ limit, lanes }) => {
        let state: BudgetState = { ...known(), windowLimit: limit };
        const granted: Record<Lane, number> = { interactive: 0, sync: 0, bulk: 0 };
        for (const lane of lanes) {
          const used = granted.interactive + granted.sync + granted.bulk;
          const decision = decideBudget(state, lane, START);
          state = decision.state;
          if (!decision.granted) continue;
          const isOfMinimum = granted[lane] < Math.floor(limit * 0.05);
          if (!isOfMinimum) expect(used).toBeLessThan(limit - Math.floor(limit * free[lane]));
          granted[lane] += 1;
        }
      }),
      { numRuns: 60 },
    );
  });

  it('says exactly when asking again succeeds, whatever came before', () => {
    const before = fc.array(fc.record({ gapMs: fc.integer({ min: 0, max: 300 }), lane: fc.constantFrom(...LANES) }), {
      minLength: 100,
      maxLength: 300,
    });
    fc.assert(
      fc.property(before, fc.constantFrom(...LANES), (sequence, lane) => {
        let state: BudgetState = { ...known(), windowLimit: 25 };
        let offsetMs = 0;
        for (const ask of sequence) {
          offsetMs += ask.gapMs;
          state = decideBudget(state, ask.lane, at(offsetMs)).state;
        }
        const { state: drained, waitMs, granted } = drain(state, lane, at(offsetMs));
        expect(waitMs).toBeGreaterThan(0);
        expect(granted).toBeLessThanOrEqual(25);
        expect(decideBudget(drained, lane, at(offsetMs + waitMs - 1)).granted).toBe(false);
        expect(decideBudget(drained, lane, at(offsetMs + waitMs)).granted).toBe(true);
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
          for (const { grant, answeredMs } of over)
            state = settleBudget(state, grant, NOTHING_OBSERVED, at(answeredMs));
          const decision = decideBudget(state, 'interactive', at(offsetMs));
          state = decision.state;
          if (!decision.granted) continue;
          const arrivesMs = offsetMs + onItsWayMs;
          arrivals.push(arrivesMs);
          const grant = { lane: 'interactive' as const, atMs: START.getTime() + offsetMs };
          underWay.push({ grant, answeredMs: arrivesMs + backMs });
        }
        expect(highestInAny(10_000, arrivals)).toBeLessThanOrEqual(100);
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });

  it('starves no lane: whoever goes on asking gets its minimum in every two windows', () => {
    const pressure = fc.record({
      starving: fc.constantFrom(...LANES),
      others: fc.shuffledSubarray([...LANES], { minLength: 1 }),
      limit: fc.constantFrom(10, 25, 100),
      everyMs: fc.constantFrom(50, 400, 1_000),
    });
    fc.assert(
      fc.property(pressure, ({ starving, others, limit, everyMs }) => {
        let state: BudgetState = { ...known(), windowLimit: limit };
        const granted: number[] = [];
        for (let offsetMs = 0; offsetMs < 60_000; offsetMs += everyMs) {
          // The others ask first, and take all that they may, each time.
          for (const lane of others.filter((other) => other !== starving)) {
            state = drain(state, lane, at(offsetMs)).state;
          }
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
      { numRuns: 30 },
    );
  });
});

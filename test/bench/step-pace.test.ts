import { describe, expect, it } from 'vitest';
import { paceOfSteps, type StepSample } from '../../bench/step-pace.ts';

/** Looks every 100 ms. */
const looks = (step: string | null, fromMs: number, done: readonly number[]): StepSample[] =>
  done.map((each, index) => ({ atMs: fromMs + index * 100, step, done: each }));
const evenly = (count: number, by: number): number[] => Array.from({ length: count }, (_, index) => (index + 1) * by);

describe('the pace of a step', () => {
  it('tells how long each took and how much it did', () => {
    const samples = [...looks(null, 0, [0, 0]), ...looks('list', 200, [0, 50, 100]), ...looks('check', 500, [0, 100])];
    expect(paceOfSteps(samples)).toEqual([
      { step: 'list', seconds: 0.3, done: 100, perSecondByTenth: [] },
      { step: 'check', seconds: 0.2, done: 100, perSecondByTenth: [] },
    ]);
  });

  it('is the same in every tenth of an even step', () => {
    const [pace] = paceOfSteps(looks('list', 100, evenly(100, 10)));
    expect(pace!.perSecondByTenth.map(Math.round)).toEqual(Array.from({ length: 10 }, () => 100));
  });

  it('falls from tenth to tenth where depth costs', () => {
    const done = Array.from({ length: 60 }, (_, index) => Math.round(1_000 * (1 - 0.97 ** index)));
    const [pace] = paceOfSteps(looks('list', 100, done));
    const rates = pace!.perSecondByTenth;
    expect(rates).toHaveLength(10);
    expect(rates).toEqual([...rates].sort((a, b) => b - a));
    expect(rates[0]! / rates[9]!).toBeGreaterThan(2);
  });

  it('leaves out of the tenths how long a step takes to notice that it is over', () => {
    const [pace] = paceOfSteps(looks('list', 100, [...evenly(50, 10), ...evenly(50, 0).map(() => 500)]));
    expect(pace!.seconds).toBe(10);
    expect(pace!.perSecondByTenth.map(Math.round)).toEqual(Array.from({ length: 10 }, () => 100));
  });
});

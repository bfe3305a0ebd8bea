import { describe, expect, it } from 'vitest';
import { judgeMemory } from '../../bench/flatness.ts';

const course = (of: (share: number) => number, samples = 400): number[] =>
  Array.from({ length: samples }, (_, index) => of(index / samples));

describe('the memory of a run', () => {
  it('is flat when it stays where the second quarter was', () => {
    const warmingUp = course((share) => (share < 0.2 ? 100 + share * 500 : 200));
    expect(judgeMemory(warmingUp)).toEqual({ secondQuarter: 200, lastQuarter: 200, highest: 200, isFlat: true });
  });

  it('is flat when a collector lets it swing', () => {
    expect(judgeMemory(course((share) => 200 + 60 * Math.sin(share * 300))).isFlat).toBe(true);
  });

  it('is not flat when it grows by more than 15 % from the second quarter to the last', () => {
    const { secondQuarter, lastQuarter, isFlat } = judgeMemory(course((share) => 200 + 100 * share));
    expect(lastQuarter / secondQuarter).toBeGreaterThan(1.15);
    expect(isFlat).toBe(false);
    expect(judgeMemory(course((share) => 200 + 50 * share)).isFlat).toBe(true);
  });

  it('is not judged by fewer samples than two minutes have', () => {
    expect(judgeMemory(course((share) => 200 + 900 * share, 239)).isFlat).toBeNull();
    expect(judgeMemory(course((share) => 200 + 900 * share, 240)).isFlat).toBe(false);
    expect(judgeMemory([])).toMatchObject({ highest: 0, isFlat: null });
  });
});

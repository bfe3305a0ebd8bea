import { describe, expect, it } from 'vitest';
import type { LatencyResult } from '../../bench/leads.ts';
import { checkLatency, describeLatency } from '../../bench/leads-report.ts';

const of = (median: number, min = median, max = median) => ({ median, min, max });
const result: LatencyResult = {
  ...{ perSecond: 5, seconds: 60, runs: 3, leads: 900, stretches: [{ what: 'in the inbox', ms: 12.3 }] },
  ...{ p50Ms: of(300), p95Ms: of(900, 700, 1_400), p99Ms: of(1_200) },
  floor: { p50Ms: of(40), p95Ms: of(90, 80, 110) },
};

describe('what a benchmark of latency tells', () => {
  it('has the floor of the same runs beside the leads, with medians and spreads', () => {
    const told = describeLatency(result);
    expect(told[0]).toBe('3 runs of 60 s, 5 a second: 900 leads');
    expect(told.find((line) => line.startsWith('a lead'))).toContain('900 (700 to 1400)');
    expect(told.find((line) => line.startsWith('floor'))).toMatch(/40 \(40 to 40\) +90 \(80 to 110\)/);
  });

  it('fails by the median of the runs', () => {
    expect(checkLatency(result)).toMatchObject([{ passed: true }]);
    expect(checkLatency({ ...result, p95Ms: of(1_001, 700, 1_400) })).toMatchObject([{ passed: false }]);
  });
});

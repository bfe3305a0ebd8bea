import { describe, expect, it } from 'vitest';
import { countRepeats, mixDeliveries } from '../../bench/intake/mix.ts';
import type { IntakeResult } from '../../bench/intake.ts';
import { checkIntake } from '../../bench/intake-report.ts';

const of = (value: number) => ({ median: value, min: value, max: value });
const cpuMs = { process: of(0.5), mainThread: of(0.4), postgres: of(0.2) };
const side = { perSecond: of(2_000), p50Ms: of(10), p99Ms: of(50), cpuMs };
const good: IntakeResult = {
  ...{ deliveries: 1_000, runs: 3, rows: 2_700, share: 0.9, memory: null },
  api: { ...side, answers: { '200 taken': 2_700, '200 repeat': 300 } },
  floor: { ...side, answers: { '200 taken': 3_000 } },
};
const answering = (answers: Record<string, number>): IntakeResult => ({ ...good, api: { ...side, answers } });
const failing = (result: IntakeResult): string[] =>
  checkIntake(result)
    .filter(({ passed }) => !passed)
    .map(({ what }) => what);

describe('what a benchmark of intake checks', () => {
  it('holds where nine in ten are taken and the tenth is known', () => {
    expect(failing(good)).toEqual([]);
  });

  it.each([
    ['an API that ignores everything', { ...answering({ '200 ignored': 3_000 }), rows: 0 }, 'taken or known'],
    ['an API that takes repeats', answering({ '200 taken': 3_000 }), '2700 are taken'],
    ['an API that says so and stores nothing', { ...good, rows: 0 }, 'has its row'],
    ['an API that stores repeats', { ...good, rows: 3_000 }, 'has its row'],
    ['an answer that is missing', answering({ '200 taken': 2_700, '200 repeat': 299 }), '300 known (299)'],
    ['a 429 among the answers', answering({ '200 taken': 2_700, '200 repeat': 300, '429': 1 }), 'answered 200'],
  ])('fails for %s', (_what, result, told) => {
    expect(failing(result).join()).toContain(told);
  });
});

describe('the mix of deliveries', () => {
  it.each([1_000, 25, 9])('has as many ids as are no repeats, of %i', (count) => {
    const bodies = mixDeliveries(count, 1, 'the-account', new Date());
    const ids = bodies.map((body) => (JSON.parse(body.toString()) as { webhookId: string }).webhookId);
    expect(ids).toHaveLength(count);
    expect(new Set(ids).size).toBe(count - countRepeats(count));
  });
});

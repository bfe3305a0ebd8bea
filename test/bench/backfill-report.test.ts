import { describe, expect, it } from 'vitest';
import type { BackfillResult } from '../../bench/backfill.ts';
import { checkBackfill, describeBackfill } from '../../bench/backfill-report.ts';

const memory = { secondQuarter: 200, lastQuarter: 205, highest: 240, isFlat: true };
const common = { calls: 600, refused: 0, tookSeconds: 120, withLead: false, steps: [], writeFloor: null };
const cpu = { walker: 20, simulator: 10, postgres: null };
const watched = { ...common, cpu, memory: { walker: memory, simulator: memory } };

const limited: BackfillResult = {
  ...watched,
  ...{ name: 'at the limit', contacts: 5_000, names: 'exact', limit: 100, seconds: 120 },
  ...{ rows: 5_000, rowsPerSecond: 41, verified: null, used: 0.97, bareCalls: 612, interactiveP95Ms: 300 },
};
const whole: BackfillResult = {
  ...watched,
  ...{ name: 'no limit', contacts: 1_000, names: 'listed', limit: null, seconds: null },
  ...{ rows: 1_000, rowsPerSecond: 500, used: null, bareCalls: null, interactiveP95Ms: null },
  verified: { listed: 1_000, stored: 1_000, missing: 0, different: 0, deleted: 0, leftToPoll: 0 },
};
const failing = (...results: BackfillResult[]): string[] =>
  checkBackfill(results)
    .filter(({ passed }) => !passed)
    .map(({ what }) => what);

describe('what a benchmark of backfills checks', () => {
  it('holds for runs as they should be', () => {
    expect(failing(limited, whole)).toEqual([]);
    expect(checkBackfill([limited, whole])).toHaveLength(5);
  });

  it.each([
    ['a 429', { ...limited, refused: 1 }, 'GHL answers no 429'],
    ['a lane left unused', { ...limited, used: 0.94 }, 'at least 95.0 % of what the lane may call is used'],
    ['a slow lead', { ...limited, interactiveP95Ms: 1_001 }, 'beside a backfill an interactive call takes'],
    ['a contact that is not in the mirror', { ...whole, rows: 999 }, 'a run to the end has every contact'],
    [
      'one that only the second reading found',
      { ...whole, verified: { ...whole.verified!, missing: 1 } },
      'a run to the end has every contact',
    ],
    ['a run that never came to its end', { ...whole, verified: null }, 'a run to the end has every contact'],
    [
      'memory that grows',
      { ...whole, memory: { ...whole.memory, walker: { ...memory, isFlat: false } } },
      'the memory of the process that walks is flat',
    ],
  ] as [string, BackfillResult, string][])('fails for %s', (_what, result, told) => {
    expect(failing(result)).toEqual([expect.stringContaining(told)]);
  });

  it('says nothing of what a run cannot show', () => {
    const short = { ...whole, memory: { ...whole.memory, walker: { ...memory, isFlat: null } } };
    expect(checkBackfill([short]).map(({ what }) => what)).not.toContainEqual(expect.stringMatching(/lane|flat/));
  });

  it('tells of each reading how long it took and how fast each tenth was', () => {
    const steps = [
      { step: 'contacts', seconds: 90, done: 900, perSecondByTenth: Array.from({ length: 10 }, () => 10) },
      { step: 'check-contacts', seconds: 30, done: 900, perSecondByTenth: [] },
    ];
    const lines = describeBackfill([{ ...whole, steps }]);
    expect(lines).toContain('contacts: 90.0 s, 75.0 % of the run, 10 a second; by tenth 10 10 10 10 10 10 10 10 10 10');
    expect(lines).toContain('check-contacts: 30.0 s, 25.0 % of the run, 30 a second');
  });
});

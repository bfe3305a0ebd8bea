import { describe, expect, it } from 'vitest';
import type { BurstResult } from '../../bench/burst.ts';
import { checkBursts } from '../../bench/burst-report.ts';

const burst: BurstResult = {
  ...{ name: 'ten contacts', events: 100, contacts: 10, reads: 20, otherCalls: 0, refused: 0 },
  ...{ handovers: 30, workflows: 10, historyEvents: 200, transactions: 500, changingMs: 400, currentAfterMs: 2_000 },
};
const failing = (result: BurstResult): string[] =>
  checkBursts([burst, result])
    .filter(({ passed }) => !passed)
    .map(({ what }) => what);

describe('what a benchmark of bursts checks', () => {
  it('holds for a burst that is read a few times', () => {
    expect(failing({ ...burst, reads: 50 })).toEqual([]);
  });

  it.each([
    ['a mirror that stays behind', { currentAfterMs: null }, 'the mirror shows the last change of every contact'],
    ['a 429', { refused: 1 }, 'GHL answers no 429'],
    ['a read for half of the events', { reads: 51 }, 'a contact is read 5 times at most'],
    ['more reads than events', { contacts: 100, reads: 101 }, 'a contact is read 5 times at most'],
  ] as [string, Partial<BurstResult>, string][])('fails for %s', (_what, change, told) => {
    expect(failing({ ...burst, ...change })).toEqual([expect.stringContaining(told)]);
  });
});

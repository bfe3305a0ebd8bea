import { describe, expect, it } from 'vitest';
import { readProcessTimes } from '../../bench/usage.ts';

describe('what Linux tells of a process', () => {
  it('is read behind a name that holds blanks and brackets', () => {
    const times = '111 222 333 444';
    const stat = `4242 (postgres: a) b (c) S 17 4242 4242 0 -1 4194560 1 2 3 4 ${times} 20 0 1 0 5 6 7`;
    expect(readProcessTimes(stat)).toEqual({ parentPid: 17, ownSeconds: 3.33, endedSeconds: 7.77 });
  });
});

import { describe, expect, it } from 'vitest';
import { createSlowReads } from '../../ghl/slow-reads.ts';

function countingLoad() {
  let loads = 0;
  return { load: async () => (loads += 1), count: () => loads };
}

describe('slow reads', () => {
  it('are loaded once for callers at the same time and again after their time', async () => {
    let nowMs = 0;
    const reads = createSlowReads({ ttlMs: 1_000, now: () => new Date(nowMs) });
    const { load, count } = countingLoad();
    await Promise.all([reads.read('loc', 'users', load), reads.read('loc', 'users', load)]);
    expect(count()).toBe(1);
    nowMs = 1_000;
    expect(await reads.read('loc', 'users', load)).toBe(2);
  });

  it('are kept apart by location and kind, and dropped one by one', async () => {
    const reads = createSlowReads({ ttlMs: 60_000 });
    const { load } = countingLoad();
    expect(await reads.read('a', 'users', load)).toBe(1);
    expect(await reads.read('b', 'users', load)).toBe(2);
    expect(await reads.read('a', 'pipelines', load)).toBe(3);
    reads.drop('a', 'users');
    expect(await reads.read('a', 'users', load)).toBe(4);
    expect(await reads.read('b', 'users', load)).toBe(2);
  });

  it('are not kept when loading fails', async () => {
    const reads = createSlowReads({ ttlMs: 60_000 });
    await expect(reads.read('a', 'users', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect(await reads.read('a', 'users', async () => 7)).toBe(7);
  });

  it('forget the oldest when there are too many', async () => {
    const reads = createSlowReads({ ttlMs: 60_000, maxEntries: 1 });
    const { load } = countingLoad();
    await reads.read('a', 'users', load);
    await reads.read('b', 'users', load);
    expect(await reads.read('a', 'users', load)).toBe(3);
  });
});

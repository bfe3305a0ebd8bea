import { describe, expect, it } from 'vitest';
import { NOTHING_OBSERVED } from '../../domain/ghl-budget.ts';
import { readRateHeaders } from '../../ghl/rate-headers.ts';

const NOW_MS = Date.parse('2026-03-02T10:00:00.000Z');
const all = {
  'x-ratelimit-limit-daily': '200000',
  'x-ratelimit-daily-remaining': '199000',
  'x-ratelimit-interval-milliseconds': '10000',
  'x-ratelimit-max': '100',
  'x-ratelimit-remaining': '42',
  'x-ratelimit-daily-reset': '84322000',
};

describe('the rate headers of an answer', () => {
  it('are read into an observation', () => {
    expect(readRateHeaders(all, 200, NOW_MS)).toEqual({
      windowLimit: 100,
      windowRemaining: 42,
      windowMs: 10_000,
      dayLimit: 200_000,
      dayRemaining: 199_000,
      dayResetInMs: 84_322_000,
      pauseMs: null,
    });
  });

  it('say nothing when they are missing or not numbers', () => {
    expect(readRateHeaders({ 'x-ratelimit-remaining': 'soon' }, 200, NOW_MS)).toEqual(NOTHING_OBSERVED);
  });

  it.each([
    [{ 'retry-after': '3' }, 3_000],
    [{ 'retry-after': new Date(NOW_MS + 9_000).toUTCString() }, 9_000],
    [{}, 10_000],
    [{ 'x-ratelimit-interval-milliseconds': '4000' }, 4_000],
    [{ 'x-ratelimit-daily-remaining': '0' }, 900_000],
    [{ 'x-ratelimit-daily-remaining': '0', 'x-ratelimit-daily-reset': '60000' }, 60_000],
  ])('pause the resource after a 429 with %j', (headers, pauseMs) => {
    expect(readRateHeaders(headers, 429, NOW_MS).pauseMs).toBe(pauseMs);
  });
});

import { describe, expect, it } from 'vitest';
import { type Answer, hasFailedForGood, judgeAttempt, RETRY_DELAYS_MS } from '../../domain/webhook-attempt.ts';

const now = new Date('2026-03-01T12:00:00Z');
const judge = (answer: Answer, attempts = 1, random = 0) => judgeAttempt(answer, { attempts, now, random });
const status = (code: number, retryAfter: string | null = null): Answer => ({ status: code, retryAfter });

describe('what follows an attempt to send a webhook', () => {
  it.each([
    [200, 'ok', 'delivered', 'status-200'],
    [204, 'ok', 'delivered', 'status-204'],
    [301, 'redirect', 'retry', 'redirect-301'],
    [308, 'redirect', 'retry', 'redirect-308'],
    [400, 'refused', 'retry', 'status-400'],
    [401, 'refused', 'retry', 'status-401'],
    [404, 'refused', 'retry', 'status-404'],
    [410, 'gone', 'disable', 'status-410'],
    [429, 'limited', 'retry', 'status-429'],
    [500, 'failed', 'retry', 'status-500'],
    [503, 'limited', 'retry', 'status-503'],
  ])('is decided by the status: %i', (code, of, next, reason) => {
    expect(judge(status(code))).toMatchObject({ class: of, next, reason });
  });

  it.each([
    ['timeout', 'unreachable'],
    ['tls', 'unreachable'],
    ['address-refused', 'address-refused'],
    ['url-refused', 'address-refused'],
  ] as const)('is another attempt where there was no answer: %s', (failure, of) => {
    expect(judge({ failure })).toMatchObject({ class: of, next: 'retry', reason: failure });
  });

  it('is ten attempts in about three days, and then none', () => {
    const delays = RETRY_DELAYS_MS.map((_, index) => judge(status(500), index + 1));
    expect(delays.map((each) => each.next === 'retry' && each.delayMs)).toEqual(RETRY_DELAYS_MS);
    const days = RETRY_DELAYS_MS.reduce((sum, delay) => sum + delay, 0) / 86_400_000;
    expect(days).toBeGreaterThan(3);
    expect(days).toBeLessThan(3.5);
    expect(judge(status(500), RETRY_DELAYS_MS.length + 1)).toMatchObject({ next: 'give-up' });
  });

  it('is spread, and never sooner than it should be', () => {
    expect(judge(status(500), 2, 0)).toMatchObject({ delayMs: 300_000 });
    expect(judge(status(500), 2, 0.999)).toMatchObject({ delayMs: 359_940 });
  });

  it.each([
    ['seconds', '120', 120_000],
    ['a date', 'Sun, 01 Mar 2026 12:10:00 GMT', 600_000],
    ['a date that is over', 'Sun, 01 Mar 2026 11:00:00 GMT', 5_000],
    ['less than our own', '1', 5_000],
    ['no number', 'soon', 5_000],
    ['for ever', '999999999', 86_400_000],
  ])('waits as Retry-After asks, within bounds: %s', (_kind, text, delayMs) => {
    expect(judge(status(503, text))).toMatchObject({ next: 'retry', delayMs });
    expect(judge(status(429, text))).toMatchObject({ next: 'retry', delayMs });
    expect(judge(status(500, text))).toMatchObject({ next: 'retry', delayMs: 5_000 });
  });
});

describe('an endpoint', () => {
  it('has failed for good five days after the first failure since its last success', () => {
    const since = new Date(now.getTime() - 5 * 86_400_000);
    expect(hasFailedForGood(since, now)).toBe(true);
    expect(hasFailedForGood(new Date(since.getTime() + 1), now)).toBe(false);
    expect(hasFailedForGood(null, now)).toBe(false);
  });
});

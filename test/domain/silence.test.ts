import { describe, expect, it } from 'vitest';
import { judgeSilence } from '../../domain/silence.ts';

const HOUR_MS = 3_600_000;
const WEEK_MS = 168 * HOUR_MS;
const now = new Date('2026-05-08T00:00:00Z');

describe('the silence of an account', () => {
  it.each([
    ['speaks-rarely', 49, 100],
    ['spoke-lately', 1_000, 6],
    ['silent', 1_000, 6.1],
    // 56 events a week: one in three hours, so thirty hours of silence are allowed.
    ['spoke-lately', 56, 30],
    ['silent', 56, 30.1],
  ])('is %s with %d events a week and %d hours without one', (reason, events, hours) => {
    const lastEventAt = new Date(now.getTime() - hours * HOUR_MS);
    const speech = { events, periodMs: WEEK_MS, lastEventAt, isNoted: false, isWanted: false };
    expect(judgeSilence(speech, now)).toEqual({ isSilent: reason === 'silent', reason });
  });

  it.each([
    ['still-silent', true, { isNoted: true, isWanted: false }],
    ['wanted', false, { isNoted: true, isWanted: true }],
    ['wanted', false, { isNoted: false, isWanted: true }],
  ])('lasts until it is wanted, however little is known of how it spoke: %s', (reason, isSilent, known) => {
    const speech = { events: 0, periodMs: WEEK_MS, lastEventAt: new Date(now.getTime() - 400 * HOUR_MS), ...known };
    expect(judgeSilence(speech, now)).toEqual({ isSilent, reason });
  });
});

import { describe, expect, it } from 'vitest';
import { judgePollFailure, passSubject } from '../../domain/poll-failure.ts';

const failure = (cause: string, failures: number) =>
  ({ resource: 'custom-field', kind: 'sweep', cause, failures }) as const;

describe('a pass that fails', () => {
  it.each([
    ['GhlForbidden', 1, false, 'may-pass'],
    ['GhlForbidden', 2, false, 'may-pass'],
    ['GhlForbidden', 3, true, 'refused'],
    ['GhlInvalid', 3, true, 'refused'],
    ['GhlNotFound', 3, true, 'refused'],
    ['GhlAuthExpired', 3, true, 'refused'],
    ['Postgres23514', 3, true, 'refused'],
    ['GhlUnavailable', 7, false, 'waits'],
    ['GhlRateLimited', 7, false, 'waits'],
    ['GhlCircuitOpen', 7, false, 'waits'],
    ['TIMEOUT', 7, false, 'waits'],
    ['GhlUnavailable', 8, true, 'waits-too-long'],
  ])('by %s for the %ith time: stuck is %s because of %s', (cause, failures, isStuck, reason) => {
    expect(judgePollFailure(failure(cause, failures))).toMatchObject({ isStuck, reason });
  });

  it('tells an operator what cannot be read, what to do for each cause, and that trying goes on', () => {
    const causes = ['GhlForbidden', 'GhlAuthExpired', 'GhlNotFound', 'GhlInvalid', 'Postgres23514', 'GhlUnavailable'];
    const advices = causes.map((cause) => {
      const decision = judgePollFailure(failure(cause, 8));
      return decision.isStuck ? decision.advice : '';
    });
    for (const advice of advices) expect(advice).toMatch(/custom fields of this location.*tried again/);
    expect(new Set(advices).size).toBe(causes.length);
  });

  it('is one matter for each pass of each location', () => {
    expect(passSubject('here', { resource: 'contact', kind: 'delta' })).toBe('here:contact:delta');
  });
});

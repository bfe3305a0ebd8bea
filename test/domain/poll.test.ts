import { describe, expect, it } from 'vitest';
import type { Known, Observation } from '../../domain/mirror.ts';
import { compareListed, isReadFarEnough, newestOf } from '../../domain/poll-comparison.ts';
import { decidePace, dueAfter, retryAfter } from '../../domain/poll-pace.ts';
import { passesOf, POLL_POLICY } from '../../domain/poll-rules.ts';

const NOW = new Date('2026-06-01T12:00:00Z');
const ago = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000);

describe('how often a location is looked at', () => {
  it.each([
    [{ lastChangeAt: ago(5), lastEventAt: null, openGaps: 0 }, 'hot', 'busy'],
    [{ lastChangeAt: ago(60), lastEventAt: ago(1), openGaps: 0 }, 'hot', 'busy'],
    [{ lastChangeAt: ago(60), lastEventAt: null, openGaps: 0 }, 'usual', 'some-traffic'],
    [{ lastChangeAt: ago(2_000), lastEventAt: ago(2_000), openGaps: 0 }, 'idle', 'quiet'],
    [{ lastChangeAt: null, lastEventAt: null, openGaps: 0 }, 'idle', 'quiet'],
    [{ lastChangeAt: null, lastEventAt: null, openGaps: 1 }, 'hot', 'gaps'],
  ])('%j is %s because of %s', (traffic, pace, reason) => {
    expect(decidePace(traffic, NOW)).toEqual({ pace, reason });
  });

  it('varies by a fifth, and a failure waits longer each time, at most six hours', () => {
    expect(dueAfter(NOW, 100_000, 0).getTime() - NOW.getTime()).toBe(100_000);
    expect(dueAfter(NOW, 100_000, 1).getTime() - NOW.getTime()).toBe(80_000);
    const waits = [1, 2, 3, 50].map((failures) => (retryAfter(NOW, failures, 0).getTime() - NOW.getTime()) / 60_000);
    expect(waits).toEqual([5, 10, 20, 360]);
  });

  it('comes to the passes that make leads first, and to a sweep of everything', () => {
    const passes = passesOf(POLL_POLICY);
    expect(passes[0]).toEqual({ resource: 'contact', kind: 'delta' });
    expect(
      passes
        .filter(({ kind }) => kind === 'sweep')
        .map(({ resource }) => resource)
        .sort(),
    ).toEqual(Object.keys(POLL_POLICY.rules).sort());
  });

  it('keeps an idle location of 5,000 contacts below one in a hundred of the calls GHL grants it in a day', () => {
    const day = 86_400_000;
    const calls = Object.values(POLL_POLICY.rules).reduce(
      (sum, { delta, sweep }) => sum + (delta ? day / delta.everyMs.idle : 0) + (60 * day) / sweep.everyMs.idle,
      0,
    );
    expect(calls).toBeLessThan(2_000);
  });
});

describe('what a list tells beside what is known', () => {
  const seen = (more: Partial<Observation> = {}): Observation => ({
    ghlId: 'c',
    ghlContactId: 'c',
    fields: { name: 'Ann' },
    ghlCreatedAt: null,
    ghlUpdatedAt: ago(10),
    observedAt: NOW,
    isExact: false,
    ...more,
  });
  const known = (more: Partial<Known> = {}): Known => ({
    ghlContactId: 'c',
    fields: { name: 'Ann' },
    ghlUpdatedAt: ago(10),
    observedAt: ago(5),
    isExact: true,
    isDeleted: false,
    ...more,
  });
  it.each([
    ['a record that is not here', undefined, seen(), 'missing-here'],
    ['the very same', known(), seen(), 'unchanged'],
    ['a newer view', known(), seen({ ghlUpdatedAt: ago(9) }), 'changed'],
    ['a view that lags', known(), seen({ ghlUpdatedAt: ago(11), fields: { name: 'Old' } }), 'unchanged'],
    ['another content of the same time', known(), seen({ fields: { name: 'Bob' } }), 'different'],
    ['another contact at the same time', known(), seen({ ghlContactId: 'd' }), 'different'],
    ['a record that was deleted', known({ isDeleted: true }), seen(), 'deleted-here'],
    ['one without times that is alike', known({ ghlUpdatedAt: null }), seen({ ghlUpdatedAt: null }), 'unchanged'],
    [
      'one without times that differs',
      known({ ghlUpdatedAt: null }),
      seen({ ghlUpdatedAt: null, fields: { name: 'Bob' } }),
      'changed',
    ],
    [
      'a page that is older than what is known',
      known({ ghlUpdatedAt: null, observedAt: NOW }),
      seen({ ghlUpdatedAt: null, observedAt: ago(1) }),
      'unchanged',
    ],
  ] as const)('is %s', (_title, before, item, wanted) => {
    expect(compareListed(before, item)).toBe(wanted);
  });

  it('is read far enough at the first record before the floor, and to its end without one', () => {
    expect(isReadFarEnough([ago(1), ago(3)], ago(2))).toBe(true);
    expect(isReadFarEnough([ago(1), ago(2)], ago(2))).toBe(false);
    expect(isReadFarEnough([ago(1), null], ago(2))).toBe(true);
    expect(isReadFarEnough([ago(1), ago(900)], null)).toBe(false);
  });

  it('reaches no further than a time that can be', () => {
    const future = new Date('2099-01-01T00:00:00Z');
    expect(newestOf([null, ago(3), future, ago(1)], NOW)).toEqual(ago(1));
    expect(newestOf([null], NOW)).toBeNull();
  });
});

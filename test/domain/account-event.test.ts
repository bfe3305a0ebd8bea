import { describe, expect, it } from 'vitest';
import { decideReturn, decideUninstall, isStale, whenItHappened } from '../../domain/account-event.ts';

const event = { eventRowId: 'row-1', eventReceivedAt: '2026-11-20T12:00:00.000Z' };

describe('an event of an account', () => {
  it.each([
    ['2026-11-20T11:00:00Z', '2026-11-20T11:00:00.000Z', true],
    ['1795172400000', '2026-11-20T11:00:00.000Z', true],
    ['2026-11-20T12:00:05Z', event.eventReceivedAt, true],
    ['1970-01-01T00:00:00Z', event.eventReceivedAt, false],
    ['yesterday', event.eventReceivedAt, false],
    [null, event.eventReceivedAt, false],
  ])('that says %s happened at %s', (timestamp, at, isTold) => {
    expect(whenItHappened(timestamp, event)).toEqual({ at: new Date(at), isTold });
  });
});

describe('an UNINSTALL', () => {
  const at = (time: string): Date => new Date(`2026-11-20T${time}:00Z`);

  it('ends what was installed before it', () => {
    expect(decideUninstall(at('10:00'), at('11:00'))).toEqual({ ends: true, reason: 'uninstalled' });
  });

  it('ends nothing that was installed since, and nothing that is not installed', () => {
    expect(decideUninstall(at('12:00'), at('11:00'))).toEqual({ ends: false, reason: 'installed-since' });
    expect(decideUninstall(null, at('11:00'))).toEqual({ ends: false, reason: 'not-installed' });
  });
});

describe('news of a user', () => {
  const told = (time: string, isTold = true) => ({ at: new Date(`2026-11-20T${time}:00Z`), isTold });

  it('counts unless it is older than the last', () => {
    expect(isStale(null, told('11:00'))).toBe(false);
    expect(isStale(told('11:00').at, told('11:00'))).toBe(false);
    expect(isStale(told('11:00').at, told('10:59'))).toBe(true);
  });

  it.each([
    [null, told('11:00'), true, 'created-since'],
    [told('11:00').at, told('11:01'), true, 'created-since'],
    [told('11:00').at, told('10:59'), false, 'created-before'],
    [told('11:00').at, told('11:00'), false, 'order-unknown'],
    [told('11:00').at, told('11:01', false), false, 'order-unknown'],
  ])('brings a rep removed at %s back by a creation at %s: %s', (removedAt, created, returns, reason) => {
    expect(decideReturn(removedAt, created)).toEqual({ returns, reason });
  });
});

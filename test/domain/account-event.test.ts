import { describe, expect, it } from 'vitest';
import { decideUninstall, whenItHappened } from '../../domain/account-event.ts';

const event = { eventRowId: 'row-1', eventReceivedAt: '2026-11-20T12:00:00.000Z' };

describe('an event of an account', () => {
  it.each([
    ['2026-11-20T11:00:00Z', '2026-11-20T11:00:00.000Z'],
    ['1795172400000', '2026-11-20T11:00:00.000Z'],
    ['2026-11-20T12:00:05Z', event.eventReceivedAt],
    ['1970-01-01T00:00:00Z', event.eventReceivedAt],
    ['yesterday', event.eventReceivedAt],
    [null, event.eventReceivedAt],
  ])('that says %s happened at %s', (timestamp, expected) => {
    expect(whenItHappened(timestamp, event).toISOString()).toBe(expected);
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

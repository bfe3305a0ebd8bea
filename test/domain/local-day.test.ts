import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startOfLocalDay } from '../../domain/local-day.ts';

const date = (time: Date, timeZone: string): string => time.toLocaleDateString('en-CA', { timeZone });

describe('startOfLocalDay', () => {
  it.each([
    ['in winter', '2026-01-15T12:34:56Z', 'America/New_York', '2026-01-15T05:00:00Z'],
    ['in summer', '2026-07-15T12:34:56Z', 'America/New_York', '2026-07-15T04:00:00Z'],
    ['when the UTC date is already the next', '2026-07-16T02:00:00Z', 'America/Los_Angeles', '2026-07-15T07:00:00Z'],
    ['on the day clocks go forward', '2026-03-08T20:00:00Z', 'America/New_York', '2026-03-08T05:00:00Z'],
    ['on the day clocks go back', '2026-11-02T04:59:59Z', 'America/New_York', '2026-11-01T04:00:00Z'],
    ['where clocks skip midnight', '2018-11-04T12:00:00Z', 'America/Sao_Paulo', '2018-11-04T03:00:00Z'],
    ['where a day was skipped', '2011-12-30T12:00:00Z', 'Pacific/Apia', '2011-12-30T10:00:00Z'],
    ['at an offset of quarter hours', '2026-05-01T00:00:00Z', 'Asia/Kathmandu', '2026-04-30T18:15:00Z'],
    ['exactly at midnight', '2026-01-15T05:00:00Z', 'America/New_York', '2026-01-15T05:00:00Z'],
    ['a millisecond before midnight', '2026-01-15T04:59:59.999Z', 'America/New_York', '2026-01-14T05:00:00Z'],
  ])('finds it %s', (_when, now, timeZone, expected) => {
    expect(startOfLocalDay(new Date(now), timeZone)).toEqual(new Date(expected));
  });

  it('lies on the same local date, and the millisecond before it on another', () => {
    const now = fc.date({ min: new Date('2015-01-01'), max: new Date('2035-01-01'), noInvalidDate: true });
    const zone = fc.constantFrom('America/New_York', 'America/St_Johns', 'America/Havana', 'Pacific/Auckland', 'UTC');
    fc.assert(
      fc.property(now, zone, (time, timeZone) => {
        const start = startOfLocalDay(time, timeZone);
        expect(start.getTime()).toBeLessThanOrEqual(time.getTime());
        expect(date(start, timeZone)).toBe(date(time, timeZone));
        expect(date(new Date(start.getTime() - 1), timeZone)).not.toBe(date(time, timeZone));
      }),
    );
  });

  it('refuses an unknown time zone', () => {
    expect(() => startOfLocalDay(new Date(0), 'America/Nowhere')).toThrow(RangeError);
  });
});

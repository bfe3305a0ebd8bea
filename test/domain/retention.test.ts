import { describe, expect, it } from 'vitest';
import {
  countMonthsAhead,
  DEFAULT_RETENTION,
  dropsBodies,
  judgeMonth,
  listTrims,
  MONTHLY,
  parseRetentionDays,
  parseRetentionMonths,
  STALE,
  STALE_AFTER_SECONDS,
  TRIMS,
} from '../../domain/retention.ts';

const NOW = new Date('2026-11-21T12:00:00Z');

describe('judgeMonth', () => {
  it.each([
    ['2026-11-01', 13, false, 'young'],
    ['2027-06-01', 13, false, 'young'],
    ['2025-10-01', 13, false, 'young'],
    ['2025-09-01', 13, true, 'over'],
    ['2019-01-01', 13, true, 'over'],
    ['2026-08-01', 3, false, 'young'],
    ['2026-07-01', 3, true, 'over'],
    ['2001-01-01', null, false, 'kept-for-ever'],
  ])('%s, with %s months kept, is over: %s (%s)', (month, keep, isOver, reason) => {
    expect(judgeMonth(month, keep, NOW)).toEqual({ isOver, reason });
  });

  it('counts the present month by UTC, from its first moment to its last', () => {
    expect(judgeMonth('2025-09-01', 13, new Date('2026-11-01T00:00:00Z')).isOver).toBe(true);
    expect(judgeMonth('2025-09-01', 13, new Date('2026-10-31T23:59:59Z')).isOver).toBe(false);
  });
});

describe('countMonthsAhead', () => {
  it.each([
    [['2026-10-01', '2026-11-01', '2026-12-01', '2027-01-01'], 2],
    [['2026-11-01', '2026-12-01', '2027-02-01'], 1],
    [['2026-11-01'], 0],
    [[], 0],
  ])('of %j is %d: a gap ends it', (months, ahead) => {
    expect(countMonthsAhead(months, NOW)).toBe(ahead);
  });
});

describe('the settings of retention', () => {
  it('are as usual where nothing is said, and keep the audit log for ever', () => {
    expect(parseRetentionMonths('')).toEqual(DEFAULT_RETENTION.months);
    expect(parseRetentionDays(' ')).toEqual(DEFAULT_RETENTION.days);
    expect(parseRetentionMonths('').audit_log).toBeNull();
  });

  it('change what they name and nothing else', () => {
    expect(parseRetentionMonths('events=24, audit_log=84')).toEqual({
      ...DEFAULT_RETENTION.months,
      events: 24,
      audit_log: 84,
    });
    expect(parseRetentionDays('event-bodies=14,inbox=never')).toEqual({
      ...DEFAULT_RETENTION.days,
      'event-bodies': 14,
      inbox: null,
    });
  });

  it.each([
    ['messages=3', 'names of: events, decisions, lead_timeline, audit_log'],
    ['events=2', 'events takes months, 3 at least, or never'],
    ['events=-4', 'events takes months, 3 at least, or never'],
    ['events', 'events takes months'],
    ['constructor=4', 'takes <name>=<months>'],
  ])('refuse %s', (text, message) => {
    expect(() => parseRetentionMonths(text)).toThrow(message);
  });

  it('refuse days so few that what is half-way would be forgotten', () => {
    const longest = Math.max(...STALE.map((kind) => STALE_AFTER_SECONDS[kind])) / 86_400;
    expect(() => parseRetentionDays(`connect-links=${longest - 1}`)).toThrow(`${longest} at least`);
    expect(parseRetentionDays(`connect-links=${longest}`)['connect-links']).toBe(longest);
  });

  it.each([
    [13, 30, false],
    [3, 84, false],
    [3, 85, true],
    [3, null, true],
    [null, null, false],
  ])('with events kept %s months and bodies %s days drop bodies: %s', (events, bodies, expected) => {
    const { months, days } = DEFAULT_RETENTION;
    const of = { months: { ...months, events }, days: { ...days, 'event-bodies': bodies } };
    expect(dropsBodies(of)).toBe(expected);
  });
});

describe('listTrims', () => {
  it('has every kind with its days in seconds, but for what is kept for ever', () => {
    expect(listTrims(DEFAULT_RETENTION.days).map(({ kind }) => kind)).toEqual(TRIMS);
    const listed = listTrims(parseRetentionDays('event-bodies=10,inbox=never'));
    expect(listed).toContainEqual({ kind: 'event-bodies', seconds: 864_000 });
    expect(listed.map(({ kind }) => kind)).not.toContain('inbox');
    expect(MONTHLY).not.toContain('messages');
  });
});

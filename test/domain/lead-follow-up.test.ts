import { describe, expect, it } from 'vitest';
import type { LeadChange } from '../../domain/lead-change.ts';
import { findContactStay, followChange, type FollowedLead } from '../../domain/lead-follow-up.ts';

const time = (minutes: number): Date => new Date(Date.UTC(2026, 4, 1, 12, minutes));
const CAME = time(10);
const lead: FollowedLead = {
  isClosed: false,
  isQueued: false,
  repId: 'rep-1',
  locationId: 'location-1',
  sourceContactId: 'contact-0',
  ghlContactId: 'contact-1',
  ghlOpportunityId: 'opportunity-1',
  stay: { enquirySince: CAME, hereSince: CAME },
};
const opportunity = { ghlContactId: 'contact-1', ghlOpportunityId: 'opportunity-1' };
const follow = (change: LeadChange, more: Partial<FollowedLead> = {}): string => {
  const { action, reason } = followChange(change, { ...lead, ...more });
  return `${action}: ${reason}`;
};

describe('what happened elsewhere', () => {
  it('means nothing to a lead that is over', () => {
    const change = { kind: 'contact-deleted', ghlContactId: 'contact-1' } as const;
    expect(follow(change, { isClosed: true })).toBe('none: closed-already');
  });

  it('to its contact ends it; the contact it came in as counts until it has one where it is assigned', () => {
    const deleted = (ghlContactId: string): LeadChange => ({ kind: 'contact-deleted', ghlContactId });
    expect(follow(deleted('contact-1'))).toBe('close: contact-deleted');
    expect(follow(deleted('contact-0'))).toBe('none: other-contact');
    expect(follow(deleted('contact-0'), { ghlContactId: null })).toBe('close: contact-deleted');
    expect(follow(deleted('contact-0'), { ghlContactId: null, sourceContactId: null })).toBe('none: other-contact');
  });

  it('to a location that is connected again moves a lead that waits in a queue, and no other', () => {
    expect(follow({ kind: 'location-connected' }, { isQueued: true })).toBe('reroute: location-connected');
    expect(follow({ kind: 'location-connected' })).toBe('none: not-queued');
  });

  it.each(['won', 'lost', 'abandoned'] as const)('to its opportunity ends it: %s', (status) => {
    expect(follow({ kind: 'opportunity-ended', status, ...opportunity })).toBe(`close: ${status}`);
  });

  it('to its opportunity ends it when that is deleted, and another opportunity means nothing', () => {
    const other = { ghlContactId: 'contact-1', ghlOpportunityId: 'opportunity-2' };
    expect(follow({ kind: 'opportunity-deleted', ...opportunity })).toBe('close: opportunity-deleted');
    expect(follow({ kind: 'opportunity-deleted', ...other })).toBe('none: other-opportunity');
    expect(follow({ kind: 'opportunity-ended', status: 'won', ...other })).toBe('none: other-opportunity');
  });

  describe('to an opportunity that a person made, where we make none', () => {
    const none = { ghlOpportunityId: null };
    const made = (minutes: number | undefined, more: Partial<typeof opportunity> = {}) => ({
      ghlContactId: 'contact-1',
      ghlOpportunityId: 'opportunity-2',
      ...(minutes === undefined ? {} : { createdAt: time(minutes).toISOString() }),
      occurredAt: time(30).toISOString(),
      ...more,
    });
    const won = (...of: Parameters<typeof made>) =>
      ({ kind: 'opportunity-ended', status: 'won', ...made(...of) }) as const;
    const gone = (...of: Parameters<typeof made>) => ({ kind: 'opportunity-deleted', ...made(...of) }) as const;
    const ofTheEnquiry = { ...none, stay: { enquirySince: null, hereSince: CAME } };

    it.each([
      ['of this enquiry', won(10), none, 'close: won'],
      ['of this enquiry, deleted', gone(11), none, 'close: opportunity-deleted'],
      ['of an earlier one', won(9), none, 'none: earlier-opportunity'],
      ['of an earlier one, deleted', gone(9), none, 'none: earlier-opportunity'],
      ['of unknown age', won(undefined), none, 'none: opportunity-of-unknown-age'],
      ['of unknown age, deleted', gone(undefined), none, 'none: opportunity-of-unknown-age'],
      ['of a contact that the enquiry made', won(undefined), ofTheEnquiry, 'close: won'],
      ['of a contact that the enquiry made, deleted', gone(0), ofTheEnquiry, 'close: opportunity-deleted'],
      ['of another contact', won(10, { ghlContactId: 'contact-2' }), none, 'none: other-opportunity'],
      ['while it has no contact', won(10), { ...none, ghlContactId: null }, 'none: other-opportunity'],
    ] as const)('%s', (_case, change, more, outcome) => {
      expect(follow(change, more)).toBe(outcome);
    });
  });

  it('to its own opportunity before it came back to it means nothing, unless that was deleted', () => {
    const before = { ...opportunity, occurredAt: time(9).toISOString() };
    const since = { ...opportunity, occurredAt: time(10).toISOString() };
    const abandoned = { kind: 'opportunity-ended', status: 'abandoned' } as const;
    expect(follow({ ...abandoned, ...before })).toBe('none: before-it-came');
    expect(follow({ ...abandoned, ...since })).toBe('close: abandoned');
    expect(follow({ kind: 'opportunity-deleted', ...before })).toBe('close: opportunity-deleted');
  });

  it('to its location ends it, and to its rep sends it on', () => {
    expect(follow({ kind: 'location-uninstalled', locationId: 'location-1' })).toBe('close: location-uninstalled');
    expect(follow({ kind: 'location-uninstalled', locationId: 'location-2' })).toBe('none: other-location');
    expect(follow({ kind: 'rep-unavailable', repId: 'rep-1' })).toBe('reroute: rep-unavailable');
    expect(follow({ kind: 'rep-unavailable', repId: 'rep-2' })).toBe('none: other-rep');
  });

  it('by a reassignment in GHL is asked of GHL', () => {
    const change = { kind: 'assigned-in-ghl', ghlContactId: 'contact-1', ghlUserId: 'user-2' } as const;
    expect(follow(change)).toBe('none: asked-of-ghl');
  });
});

describe('how long a lead has had its contact', () => {
  const at = (contact: string | null, minutes: number) => ({ ghlContactId: contact, reservedAt: time(minutes) });
  const asked = { sourceContactId: 'source', receivedAt: time(0), isMadeByContact: false };
  const newcomer = { ...asked, isMadeByContact: true };
  it.each([
    ['no contact', null, [at(null, 1)], asked, null, null],
    ['one placement', 'a', [at('a', 1)], asked, 1, 1],
    ['several reps of one location', 'a', [at('a', 1), at('a', 2), at('a', 3)], asked, 1, 1],
    ['a placement that was refused between', 'a', [at('a', 1), at(null, 2), at('a', 3)], asked, 1, 1],
    ['another location before', 'b', [at('a', 1), at('b', 2)], asked, 2, 2],
    ['another location between', 'a', [at('a', 1), at('b', 2), at('a', 3)], asked, 1, 3],
    ['the contact of an old customer who asks', 'source', [at('source', 5)], asked, 0, 5],
    ['the contact that the enquiry made', 'source', [at('source', 5)], newcomer, null, 5],
    ['another contact than the one the enquiry made', 'a', [at('a', 5)], newcomer, 5, 5],
  ])('with %s', (_case, contact, earlier, of, enquirySince, hereSince) => {
    const when = (minutes: number | null) => (minutes === null ? null : time(minutes));
    const stay = { enquirySince: when(enquirySince), hereSince: when(hereSince) };
    expect(findContactStay(contact, earlier, of)).toEqual(stay);
  });
});

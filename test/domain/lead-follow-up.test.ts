import { describe, expect, it } from 'vitest';
import type { LeadChange } from '../../domain/lead-change.ts';
import { followChange, type FollowedLead } from '../../domain/lead-follow-up.ts';

const lead: FollowedLead = {
  isClosed: false,
  repId: 'rep-1',
  locationId: 'location-1',
  sourceContactId: 'contact-0',
  ghlContactId: 'contact-1',
  ghlOpportunityId: 'opportunity-1',
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

  it.each(['won', 'lost', 'abandoned'] as const)('to its opportunity ends it: %s', (status) => {
    expect(follow({ kind: 'opportunity-ended', status, ...opportunity })).toBe(`close: ${status}`);
  });

  it('to its opportunity ends it when that is deleted, and another opportunity means nothing', () => {
    const other = { ghlContactId: 'contact-1', ghlOpportunityId: 'opportunity-2' };
    expect(follow({ kind: 'opportunity-deleted', ...opportunity })).toBe('close: opportunity-deleted');
    expect(follow({ kind: 'opportunity-deleted', ...other })).toBe('none: other-opportunity');
    expect(follow({ kind: 'opportunity-ended', status: 'won', ...other })).toBe('none: other-opportunity');
  });

  it('to an opportunity that a person made for its contact ends it where we make none', () => {
    const made = { kind: 'opportunity-ended', status: 'won', ghlOpportunityId: 'opportunity-2' } as const;
    const none = { ghlOpportunityId: null };
    expect(follow({ ...made, ghlContactId: 'contact-1' }, none)).toBe('close: won');
    expect(follow({ ...made, ghlContactId: 'contact-2' }, none)).toBe('none: other-opportunity');
    expect(follow({ ...made, ghlContactId: 'contact-1' }, { ...none, ghlContactId: null })).toBe(
      'none: other-opportunity',
    );
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

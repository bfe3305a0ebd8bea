import { describe, expect, it } from 'vitest';
import type { ConcernedByEvent, ContactFacts, OpportunityFacts } from '../../domain/event-plan.ts';
import { decideContactReread, decideOpportunityReread } from '../../domain/event-reread.ts';

const now = new Date('2026-05-02T12:00:00Z');
const account = { isIntake: true, liveAt: now };
const ordinary = { isIntake: false, liveAt: now };
const observing = { isIntake: true, liveAt: null };
const open: ConcernedByEvent = { isAssignedContact: true, ghlUserIds: ['u1'], ghlOpportunityId: null };
const asSource: ConcernedByEvent = { ...open, isAssignedContact: false, ghlUserIds: [] };

const contact = (type: string, isCut = true): ContactFacts => ({
  kind: 'contact',
  type,
  ghlContactId: 'c1',
  contactCreatedAt: null,
  source: null,
  assignedTo: null,
  tags: [],
  customFields: [],
  isCut,
});
const nobody = { concerned: [], hasTriggers: false };
const watched = { concerned: [], hasTriggers: true };
const assigned = { concerned: [open], hasTriggers: false };

describe('a contact is read again', () => {
  it.each([
    [
      'not when the event is whole',
      contact('ContactUpdate', false),
      account,
      { ...assigned, hasTriggers: true },
      'tells-enough',
    ],
    ['not when it was deleted', contact('ContactDelete'), account, assigned, 'tells-enough'],
    [
      'when a lead of it is open and may have got another rep',
      contact('ContactUpdate'),
      ordinary,
      assigned,
      'may-be-reassigned',
    ],
    [
      'not for the rep of a lead that has another contact now',
      contact('ContactUpdate'),
      ordinary,
      { ...nobody, concerned: [asSource] },
      'not-acted-on',
    ],
    ['when a trigger may wait for its tag', contact('ContactTagUpdate'), account, watched, 'may-trigger'],
    ['when a trigger may wait for its field', contact('ContactUpdate'), account, watched, 'may-trigger'],
    ['as the base line of a new contact', contact('ContactCreate'), account, watched, 'may-trigger'],
    ['not where there are no triggers', contact('ContactUpdate'), account, nobody, 'concerns-nobody'],
    ['not while the account only observes', contact('ContactUpdate'), observing, watched, 'concerns-nobody'],
    ['not in an ordinary location', contact('ContactTagUpdate'), ordinary, nobody, 'not-acted-on'],
    [
      'not for do-not-disturb, on which nothing acts',
      contact('ContactDndUpdate'),
      account,
      { ...assigned, hasTriggers: true },
      'not-acted-on',
    ],
  ])('%s', (_case, facts, of, context, reason) => {
    expect(decideContactReread(facts, of, context)).toEqual({ isNeeded: /^may-/.test(reason), reason });
  });
});

const opportunity = (more: Partial<OpportunityFacts> = {}): OpportunityFacts => ({
  kind: 'opportunity',
  type: 'OpportunityUpdate',
  ghlOpportunityId: 'o1',
  ghlContactId: 'c1',
  opportunityCreatedAt: now,
  status: 'won',
  assignedTo: null,
  isCut: false,
  ...more,
});
const cut = (type: string) =>
  opportunity({ type, ghlContactId: null, opportunityCreatedAt: null, status: null, isCut: true });
const unaged = opportunity({ opportunityCreatedAt: null });
const ofLead = { contactId: 'c1', concerned: [open], hasOpenLeads: false };
const ofOwn = { ...ofLead, concerned: [{ ...open, ghlOpportunityId: 'o1' }] };
const ofNobody = { contactId: 'c1', concerned: [], hasOpenLeads: false };
const ofUnknown = { contactId: null, concerned: [], hasOpenLeads: true };

describe('an opportunity is read again', () => {
  it.each([
    ['not when the event is whole', opportunity(), ofLead, 'tells-enough'],
    ['not when nothing of it is acted on', cut('OpportunityStageUpdate'), ofUnknown, 'not-acted-on'],
    [
      'when the event is cut and a lead is open in the location',
      cut('OpportunityUpdate'),
      ofUnknown,
      'contact-unknown',
    ],
    ['when nobody knows whose the deleted one was', cut('OpportunityDelete'), ofUnknown, 'contact-unknown'],
    ['when the contact alone is missing', opportunity({ ghlContactId: null }), ofUnknown, 'contact-unknown'],
    ['not where no lead is open', cut('OpportunityUpdate'), { ...ofUnknown, hasOpenLeads: false }, 'concerns-nobody'],
    ['not where the contact has no open lead', unaged, ofNobody, 'concerns-nobody'],
    ['when it is ours and its status is cut', cut('OpportunityUpdate'), ofOwn, 'status-unknown'],
    ['not when it is ours and was deleted', cut('OpportunityDelete'), ofOwn, 'tells-enough'],
    ['when it ended and its age alone could tell whether it belongs', unaged, ofLead, 'age-unknown'],
    ['not for its age when it is ours', unaged, ofOwn, 'tells-enough'],
    ['not for its age while it is open', { ...unaged, status: 'open' }, ofLead, 'tells-enough'],
    [
      'not for its contact when it tells nothing',
      opportunity({ status: 'open', ghlContactId: null }),
      ofUnknown,
      'tells-enough',
    ],
  ])('%s', (_case, facts, context, reason) => {
    expect(decideOpportunityReread(facts, context)).toEqual({ isNeeded: /-unknown$/.test(reason), reason });
  });
});

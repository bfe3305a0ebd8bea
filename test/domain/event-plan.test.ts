import { describe, expect, it } from 'vitest';
import {
  type ContactFacts,
  decideContactLead,
  isNewToTriggers,
  isSeenByTriggers,
  matchTrigger,
  mayChangeLeads,
  type OpportunityFacts,
  planLeadChange,
} from '../../domain/event-plan.ts';

const liveAt = new Date('2026-05-01T12:00:00Z');
const receivedAt = new Date('2026-05-02T12:00:00Z');
const account = { isIntake: true, liveAt };
const contact = (more: Partial<ContactFacts> = {}): ContactFacts => ({
  kind: 'contact',
  type: 'ContactCreate',
  ghlContactId: 'c1',
  contactCreatedAt: receivedAt,
  source: null,
  assignedTo: null,
  tags: [],
  customFields: [],
  isCut: false,
  ...more,
});
const opportunity = (more: Partial<OpportunityFacts> = {}): OpportunityFacts => ({
  kind: 'opportunity',
  type: 'OpportunityUpdate',
  ghlOpportunityId: 'o1',
  ghlContactId: 'c1',
  status: 'open',
  assignedTo: null,
  ...more,
});

describe('a contact event', () => {
  const before = (ms: number) => ({ contactCreatedAt: new Date(liveAt.getTime() - ms) });
  it.each([
    ['lead', account, contact(), false],
    ['lead', account, contact({ contactCreatedAt: null }), false],
    ['lead', account, contact(before(60_000)), false],
    ['created-before-live', account, contact(before(60_001)), false],
    ['not-created', account, contact({ type: 'ContactUpdate' }), false],
    ['not-an-intake-account', { isIntake: false, liveAt }, contact(), false],
    ['not-live', { isIntake: true, liveAt: null }, contact(), false],
    ['own-contact', account, contact(), true],
    ['own-contact', account, contact({ source: 'Switchyard' }), false],
  ])('is judged %s', (reason, of, facts, isOwnContact) => {
    const decision = decideContactLead(of, facts, { isOwnContact, receivedAt });
    expect(decision).toEqual({ isLead: reason === 'lead', reason });
  });

  it('is looked at by triggers in intake accounts only, and not for a deletion', () => {
    expect(isSeenByTriggers(account, contact({ type: 'ContactTagUpdate' }))).toBe(true);
    expect(isSeenByTriggers(account, contact({ type: 'ContactDelete' }))).toBe(false);
    expect(isSeenByTriggers({ isIntake: false, liveAt }, contact())).toBe(false);
  });

  it('is new to triggers when the contact was made after go-live and this is not its creation', () => {
    expect(isNewToTriggers(account, contact({ type: 'ContactUpdate' }))).toBe(true);
    expect(isNewToTriggers(account, contact())).toBe(false);
    expect(isNewToTriggers(account, contact({ type: 'ContactUpdate', ...before(60_001) }))).toBe(false);
    expect(isNewToTriggers(account, contact({ type: 'ContactUpdate', contactCreatedAt: null }))).toBe(false);
    expect(isNewToTriggers({ isIntake: true, liveAt: null }, contact({ type: 'ContactUpdate' }))).toBe(false);
  });
});

describe('a trigger', () => {
  const field = (value: unknown) => contact({ customFields: [{ id: 'f1', value }] });
  it.each([
    ['tag', 'Hot', null, contact({ tags: ['hot '] }), true],
    ['tag', 'hot', null, contact({ tags: ['hotter'] }), false],
    ['field', 'f1', null, field('anything'), true],
    ['field', 'f1', null, field(' '), false],
    ['field', 'f1', null, field(null), false],
    ['field', 'f1', 'yes', field('yes'), true],
    ['field', 'f1', 'yes', field('no'), false],
    ['field', 'f1', '7', field(7), true],
    ['field', 'f1', 'b', field(['a', 'b']), true],
    ['field', 'f2', null, field('anything'), false],
  ] as const)('on %s %s with value %s', (kind, subject, value, facts, matched) => {
    expect(matchTrigger({ kind, subject, value }, facts)).toBe(matched);
  });

  it('cannot tell what is missing from a contact that GHL has cut', () => {
    const hot = { kind: 'tag' as const, subject: 'hot', value: null };
    expect(matchTrigger(hot, contact({ isCut: true }))).toBeUndefined();
    expect(matchTrigger(hot, contact({ isCut: true, tags: ['hot'] }))).toBe(true);
  });
});

describe('what an event means for an open lead', () => {
  const lead = { isAssignedContact: true, ghlUserIds: ['u1', 'u3'] };
  const ended = { kind: 'opportunity-ended', ghlContactId: 'c1', ghlOpportunityId: 'o1' };
  const moved = { kind: 'assigned-in-ghl', ghlContactId: 'c1', ghlUserId: 'u2' };
  it.each([
    [contact({ type: 'ContactDelete' }), { kind: 'contact-deleted', ghlContactId: 'c1' }],
    [opportunity({ type: 'OpportunityDelete' }), { ...ended, kind: 'opportunity-deleted' }],
    [opportunity({ status: 'won' }), { ...ended, status: 'won' }],
    [opportunity({ type: 'OpportunityStatusUpdate', status: 'lost' }), { ...ended, status: 'lost' }],
    [opportunity({ status: 'abandoned', assignedTo: 'u2' }), { ...ended, status: 'abandoned' }],
    [opportunity({ assignedTo: 'u2' }), moved],
    [opportunity({ type: 'OpportunityAssignedToUpdate', assignedTo: 'u2' }), moved],
    [contact({ type: 'ContactUpdate', assignedTo: 'u2' }), moved],
    [contact({ type: 'ContactUpdate', assignedTo: 'u1' }), undefined],
    [contact({ type: 'ContactUpdate' }), undefined],
    [contact({ type: 'ContactTagUpdate', assignedTo: 'u2' }), undefined],
    [opportunity({ type: 'OpportunityStageUpdate', status: 'won' }), undefined],
    [opportunity(), undefined],
  ])('%o', (facts, change) => {
    expect(planLeadChange(facts, 'c1', lead)).toEqual(change);
    if (change) expect(mayChangeLeads(facts)).toBe(true);
  });

  it('is no reassignment where the contact is the one the lead came in as', () => {
    const facts = contact({ type: 'ContactUpdate', assignedTo: 'u2' });
    expect(planLeadChange(facts, 'c1', { isAssignedContact: false, ghlUserIds: [] })).toBeUndefined();
  });

  it('costs no look-up for events that never concern a lead', () => {
    expect(mayChangeLeads(contact())).toBe(false);
    expect(mayChangeLeads(opportunity({ type: 'OpportunityCreate' }))).toBe(false);
    expect(mayChangeLeads({ kind: 'account' })).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';
import {
  type ContactFacts,
  decideContactLead,
  isSeenByTriggers,
  judgeFirstSight,
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
  opportunityCreatedAt: receivedAt,
  status: 'open',
  assignedTo: null,
  isCut: false,
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
});

describe('the first sight of a contact by a trigger', () => {
  const setUpAt = new Date('2026-05-10T12:00:00Z');
  const at = (base: Date, ms: number): Date => new Date(base.getTime() + ms);
  const seenAt = at(setUpAt, 3_600_000);
  const updated = (contactCreatedAt: Date | null, type = 'ContactUpdate') => ({ type, contactCreatedAt });
  it.each([
    ['made since the trigger', account, updated(setUpAt), seenAt, 'step', 'made-since-trigger'],
    ['tagged and made since', account, updated(setUpAt, 'ContactTagUpdate'), seenAt, 'step', 'made-since-trigger'],
    ['just being made', account, updated(seenAt, 'ContactCreate'), seenAt, 'base-line', 'creation'],
    ['made a moment before the trigger', account, updated(at(setUpAt, -1)), seenAt, 'base-line', 'older-than-trigger'],
    [
      'tagged, and made a moment before the trigger',
      account,
      updated(at(setUpAt, -1), 'ContactTagUpdate'),
      seenAt,
      'base-line',
      'older-than-trigger',
    ],
    ['of unknown age', account, updated(null), seenAt, 'base-line', 'age-unknown'],
    [
      'made before go-live',
      { isIntake: true, liveAt: at(seenAt, -1) },
      updated(setUpAt),
      seenAt,
      'base-line',
      'older-than-go-live',
    ],
    [
      'of an account that only observes',
      { isIntake: true, liveAt: null },
      updated(setUpAt),
      seenAt,
      'base-line',
      'older-than-go-live',
    ],
    ['as it was before the trigger', account, updated(setUpAt), at(setUpAt, -1), 'nothing', 'before-trigger'],
  ] as const)('%s', (_case, of, seen, observedAt, sight, reason) => {
    expect(judgeFirstSight(of, seen, { createdAt: setUpAt }, observedAt)).toEqual({ sight, reason });
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
  const occurredAt = new Date('2026-05-03T12:00:00Z');
  const times = { createdAt: receivedAt.toISOString(), occurredAt: occurredAt.toISOString() };
  const ended = { kind: 'opportunity-ended', ghlContactId: 'c1', ghlOpportunityId: 'o1', ...times };
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
    expect(planLeadChange(facts, 'c1', lead, occurredAt)).toEqual(change);
    if (change) expect(mayChangeLeads(facts)).toBe(true);
  });

  it('is no reassignment where the contact is the one the lead came in as', () => {
    const facts = contact({ type: 'ContactUpdate', assignedTo: 'u2' });
    const asSource = { isAssignedContact: false, ghlUserIds: [] };
    expect(planLeadChange(facts, 'c1', asSource, occurredAt)).toBeUndefined();
  });

  it('costs no look-up for events that never concern a lead', () => {
    expect(mayChangeLeads(contact())).toBe(false);
    expect(mayChangeLeads(opportunity({ type: 'OpportunityCreate' }))).toBe(false);
    expect(mayChangeLeads({ kind: 'account' })).toBe(false);
  });
});

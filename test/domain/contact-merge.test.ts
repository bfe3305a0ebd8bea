import { describe, expect, it } from 'vitest';
import { isCarriedOut, judgeMerge, owesBlock, planMerge } from '../../domain/contact-merge.ts';
import type { Fields } from '../../domain/mirror.ts';

const plan = (kept: Fields, gone: Fields) => planMerge({ fields: kept }, { fields: gone });
const dnd = (channel: string, status: string): Fields => ({ dndSettings: { [channel]: { status } } });
const nothing = { opportunities: 0, hasConversation: false, appointments: 0 };

describe('what the survivor gets', () => {
  it.each<[string, Fields, Fields, Partial<ReturnType<typeof plan>>]>([
    [
      'a field that it lacks',
      { city: ' ' },
      { city: 'Salem', country: 'US' },
      { fields: { city: 'Salem', country: 'US' } },
    ],
    ['no field that it has', { city: 'Boston' }, { city: 'Salem' }, { fields: {} }],
    ['no company, which GHL takes of no contact that is there', {}, { companyName: 'Acme' }, { fields: {} }],
    [
      'a custom field that it lacks',
      { customFields: { a: 'x', b: '' } },
      { customFields: { a: 'y', b: 'z', c: ['1'] } },
      {
        customFields: [
          { id: 'b', value: 'z' },
          { id: 'c', value: ['1'] },
        ],
      },
    ],
    ['the tags it lacks', { tags: ['a'] }, { tags: ['a', 'b'] }, { tags: ['b'] }],
    [
      'an e-mail later, where it has none',
      { phone: '+1' },
      { email: 'a@x.test', phone: '+2' },
      { carried: { email: 'a@x.test' } },
    ],
    [
      'a block with what is said of it',
      {},
      { dndSettings: { SMS: { status: 'permanent', code: '30004', message: null } } },
      { blocks: { SMS: { status: 'permanent', code: '30004' } } },
    ],
    [
      'a block where it was open',
      dnd('Email', 'inactive'),
      dnd('Email', 'active'),
      { blocks: { Email: { status: 'active' } } },
    ],
    ['a firmer block', dnd('SMS', 'active'), dnd('SMS', 'permanent'), { blocks: { SMS: { status: 'permanent' } } }],
    ['no weaker block', dnd('SMS', 'permanent'), dnd('SMS', 'active'), { blocks: {} }],
    ['no open channel', dnd('SMS', 'active'), dnd('SMS', 'inactive'), { blocks: {} }],
    ['the block of everything', {}, { dnd: true }, { isBlocked: true }],
  ])('%s', (_, kept, gone, expected) => {
    expect(plan(kept, gone)).toMatchObject(expected);
  });

  it('is all, and no opt-out is owed, once it shows what it was to get', () => {
    const gone: Fields = { city: 'Salem', tags: ['a'], dnd: true, email: 'a@x.test', ...dnd('SMS', 'permanent') };
    const before = plan({}, gone);
    expect([isCarriedOut(before), owesBlock(before)]).toEqual([false, true]);
    const { email: _followsLater, ...given } = gone;
    const after = plan(given, gone);
    expect([isCarriedOut(after), owesBlock(after)]).toEqual([true, false]);
    expect(owesBlock(plan({ ...given, ...dnd('SMS', 'active') }, gone))).toBe(true);
  });
});

describe('whether a merge is safe', () => {
  const both = 'opt-out-cannot-follow';
  it.each<[string, Fields, Fields, Partial<typeof nothing>, string, string]>([
    ['nothing is lost', { email: 'a@x.test' }, { phone: '+1' }, {}, 'ok', 'ok'],
    ['a channel that can be written is blocked', {}, dnd('SMS', 'permanent'), {}, 'ok', 'ok'],
    ['another channel is blocked', {}, dnd('RCS', 'active'), {}, both, both],
    ['that channel is open', {}, dnd('RCS', 'inactive'), {}, 'ok', 'ok'],
    ['both are blocked there', dnd('RCS', 'active'), dnd('RCS', 'active'), {}, 'ok', 'ok'],
    ['the survivor is less firmly blocked there', dnd('RCS', 'active'), dnd('RCS', 'permanent'), {}, both, both],
    ['an opportunity goes', {}, {}, { opportunities: 1 }, 'would-lose-records', 'ok'],
    ['an appointment goes', {}, {}, { appointments: 1 }, 'would-lose-records', 'ok'],
    ['a conversation goes', {}, {}, { hasConversation: true }, 'would-lose-records', 'ok'],
    ['another e-mail goes', { email: 'a@x.test' }, { email: 'b@x.test' }, {}, 'would-lose-fields', 'ok'],
    ['another phone goes', { phone: '+1212' }, { phone: '+1213' }, {}, 'would-lose-fields', 'ok'],
    ['the e-mail is spelt otherwise', { email: 'a@x.test' }, { email: 'A@x.test' }, {}, 'ok', 'ok'],
    ['a second e-mail goes', {}, { additionalEmails: [{ email: 'b@x.test' }] }, {}, 'would-lose-fields', 'ok'],
  ])('%s', (_, kept, gone, losses, usually, accepted) => {
    const judge = (acceptsLoss: boolean) =>
      judgeMerge({ fields: kept }, { fields: gone }, { ...nothing, ...losses }, acceptsLoss);
    expect(judge(false)).toEqual({ isSafe: usually === 'ok', reason: usually });
    expect(judge(true)).toEqual({ isSafe: accepted === 'ok', reason: accepted });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  basesAfter,
  choosePolicy,
  CONFLICT_POLICIES,
  type ConflictPolicy,
  type FieldEdit,
  judgeEdit,
  policyField,
} from '../../domain/contact-conflict.ts';
import type { FieldValue } from '../../domain/mirror.ts';

const at = (ms: number): Date => new Date(Date.UTC(2026, 10, 1) + ms);
const edit = (more: Partial<FieldEdit> = {}): FieldEdit => ({
  field: 'city',
  value: 'ours',
  bases: ['old'],
  madeAt: at(10),
  ...more,
});
const remote = (value: FieldValue, changedMs = 20) => ({ value, changedAt: at(changedMs) });

describe('what becomes of an edit', () => {
  it.each<[string, FieldEdit, FieldValue, number, ConflictPolicy, string]>([
    ['GHL shows what it was made on', edit(), 'old', 20, 'ask', 'push unmoved'],
    ['GHL shows it already', edit(), ' ours ', 20, 'ask', 'done ghl-has-it'],
    ['an earlier edit of ours got there', edit({ bases: ['old', 'first'] }), 'first', 20, 'ghl-wins', 'push unmoved'],
    ['it moved and GHL wins', edit(), 'theirs', 5, 'ghl-wins', 'overrule ghl-wins'],
    ['it moved and ours wins', edit(), 'theirs', 20, 'ours-wins', 'push ours-wins'],
    ['it moved later', edit(), 'theirs', 20, 'newest-wins', 'overrule ghl-newer'],
    ['it moved before', edit(), 'theirs', 5, 'newest-wins', 'push ours-newer'],
    ['it moved at the same moment', edit(), 'theirs', 10, 'newest-wins', 'push ours-newer'],
    ['it moved and an operator is asked', edit(), 'theirs', 20, 'ask', 'hold ask'],
    ['it was emptied there', edit(), null, 20, 'ghl-wins', 'overrule ghl-wins'],
    ['both were emptied', edit({ value: null }), '', 20, 'ask', 'done ghl-has-it'],
    ['it may only fill, and is empty', edit({ bases: [null], fillsOnly: true }), null, 20, 'ask', 'push unmoved'],
    ['it may only fill', edit({ bases: [null], fillsOnly: true }), 'x', 5, 'ours-wins', 'overrule identifier-kept'],
    [
      'the phone is spelt otherwise',
      edit({ field: 'phone', value: '+12125550100' }),
      '+1 212-555-0100',
      20,
      'ask',
      'done ghl-has-it',
    ],
    [
      'the e-mail is in other case',
      edit({ field: 'email', value: 'a@x.test' }),
      'A@X.test',
      20,
      'ask',
      'done ghl-has-it',
    ],
    ['a number is told as text', edit({ field: 'custom:1', value: 7 }), '7', 20, 'ask', 'done ghl-has-it'],
    ['a tag is there', edit({ field: 'tag:vip', value: true, bases: [false] }), true, 20, 'ask', 'done ghl-has-it'],
    [
      'an opt-out is there',
      edit({ field: 'dnd', value: true, bases: [false] }),
      true,
      20,
      'ours-wins',
      'done ghl-has-it',
    ],
    ['an opt-out is to be', edit({ field: 'dnd', value: true, bases: [false] }), null, 20, 'ours-wins', 'push unmoved'],
    ['a tag is to go', edit({ field: 'tag:vip', value: false, bases: [true] }), true, 20, 'ask', 'push unmoved'],
  ])('when %s', (_, ours, value, changedMs, policy, expected) => {
    const { verdict, reason } = judgeEdit(ours, remote(value, changedMs), policy);
    expect(`${verdict} ${reason}`).toBe(expected);
  });
});

describe('the policy of a field', () => {
  const said = [
    { field: '*', policy: 'ask' as const },
    { field: 'tags', policy: 'ours-wins' as const },
    { field: 'city', policy: 'ghl-wins' as const },
  ];
  it.each<[string, ConflictPolicy]>([
    ['city', 'ghl-wins'],
    ['tag:vip', 'ours-wins'],
    ['state', 'ask'],
    ['custom:1', 'ask'],
  ])('of %s is %s', (field, policy) => expect(choosePolicy(said, field as 'city')).toBe(policy));
  it('never overrules an opt-out, whatever is said, and cannot be given for one', () => {
    for (const policy of ['ghl-wins', 'newest-wins', 'ask'] as const) {
      for (const field of ['dnd', 'dnd:SMS'] as const)
        expect(choosePolicy([{ field: '*', policy }], field)).toBe('ours-wins');
    }
    expect([policyField('dnd'), policyField('source')]).toEqual([false, true]);
  });
  it('is newest-wins where nothing is said', () => expect(choosePolicy([], 'city')).toBe('newest-wins'));
  it('can be given for fields that there are', () => {
    expect(['*', 'tags', 'email', 'custom:Ab1', 'tag:vip', 'dnd', ''].map(policyField)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

/** One field on both sides, with a clock that never stands still; GHL tells its changes exactly. */
function play(policy: Exclude<ConflictPolicy, 'ask'>, acts: readonly Act[]) {
  let now = 0;
  const ghl = { value: 'start' as FieldValue, changedAt: at(0) };
  /** What the mirror shows, which is read now and then. */
  let seen: FieldValue = 'start';
  let pending: FieldEdit | undefined;
  const put = (value: FieldValue): void => {
    if (value === ghl.value) return;
    ghl.value = value;
    ghl.changedAt = at(now);
  };
  const push = (answerIsLost: boolean): void => {
    if (!pending) return;
    const { verdict } = judgeEdit(pending, ghl, policy);
    if (verdict === 'push') put(pending.value);
    if (verdict === 'push' && answerIsLost) return;
    pending = undefined;
    seen = ghl.value;
  };
  for (const act of acts) {
    now += 1;
    switch (act.kind) {
      case 'ours': {
        const bases = pending ? basesAfter({ ...pending, state: 'pending' }, seen) : [seen];
        if (act.value === (pending?.value ?? seen)) break;
        pending = { field: 'city', value: act.value, bases, madeAt: at(now) };
        break;
      }
      case 'theirs':
        put(act.value);
        break;
      case 'push':
        push(act.answerIsLost);
        break;
      case 'read':
        seen = ghl.value;
    }
  }
  push(false);
  const wrote = ghl.changedAt;
  push(false);
  return { ghl: ghl.value, pending, isQuiet: ghl.changedAt === wrote };
}

type Act = { kind: 'ours' | 'theirs'; value: string } | { kind: 'push'; answerIsLost: boolean } | { kind: 'read' };

/** Every value comes once, so that none can be taken for another. */
const anyActs: fc.Arbitrary<Act[]> = fc
  .array(
    fc.oneof(
      fc.constantFrom('ours' as const, 'theirs' as const),
      fc.constant('read' as const),
      fc.boolean().map((isLost) => (isLost ? ('lost' as const) : ('push' as const))),
    ),
    { maxLength: 14 },
  )
  .map((kinds) =>
    kinds.map((kind, index): Act => {
      if (kind === 'ours' || kind === 'theirs') return { kind, value: `${kind}-${index}` };
      return kind === 'read' ? { kind } : { kind: 'push', answerIsLost: kind === 'lost' };
    }),
  );

describe('any interleaving of changes on both sides, reads, writes and lost answers', () => {
  const decided = CONFLICT_POLICIES.filter((policy) => policy !== 'ask');

  it.each(decided)('comes to rest with nothing pending and no value that nobody said, by %s', (policy) => {
    fc.assert(
      fc.property(anyActs, (acts) => {
        const end = play(policy, acts);
        expect(end).toMatchObject({ pending: undefined, isQuiet: true });
        const said = acts.flatMap((act) => (act.kind === 'ours' || act.kind === 'theirs' ? [act.value] : []));
        expect(['start', ...said]).toContain(end.ghl);
      }),
    );
  });

  it('keeps the newest of all that was said, by newest-wins', () => {
    fc.assert(
      fc.property(anyActs, (acts) => {
        const last = acts.flatMap((act) => (act.kind === 'ours' || act.kind === 'theirs' ? [act.value] : [])).at(-1);
        expect(play('newest-wins', acts).ghl).toBe(last ?? 'start');
      }),
    );
  });

  it('lets ours stand whenever one of ours was still to be written, by ours-wins', () => {
    fc.assert(
      fc.property(anyActs, (acts) => {
        // Written for sure at a push that gets through, or that finds what one before it wrote: until then ours is wanted.
        let expected = 'start';
        let isOpen = false;
        let isThere = false;
        for (const act of acts) {
          if (act.kind === 'ours') [expected, isOpen, isThere] = [act.value, true, false];
          if (act.kind === 'theirs') isThere = false;
          if (act.kind === 'theirs' && !isOpen) expected = act.value;
          if (act.kind === 'push') [isOpen, isThere] = [isOpen && act.answerIsLost && !isThere, true];
        }
        expect(play('ours-wins', acts).ghl).toBe(expected);
      }),
    );
  });

  it('never writes over what a person changed in GHL after we had looked, by ghl-wins', () => {
    fc.assert(
      fc.property(anyActs, (acts) => {
        const end = play('ghl-wins', acts);
        const lastTheirs = acts.findLastIndex((act) => act.kind === 'theirs');
        const lookedSince = acts.slice(lastTheirs + 1).some((act) => act.kind === 'read' || act.kind === 'push');
        const theirs = acts[lastTheirs];
        if (theirs?.kind === 'theirs' && !lookedSince) expect(end.ghl).toBe(theirs.value);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalFields,
  type FieldValue,
  isDeepEqual,
  judgeObservation,
  type Known,
  mergeListedContact,
  type Observation,
} from '../../domain/mirror.ts';

const at = (ms: number): Date => new Date(1_700_000_000_000 + ms);
const seen = (more: Partial<Observation> = {}): Observation => ({
  ghlId: 'c',
  ghlContactId: 'c',
  fields: { city: 'Boston' },
  ghlCreatedAt: null,
  ghlUpdatedAt: at(10),
  observedAt: at(20),
  isExact: true,
  ...more,
});
const known = (more: Partial<Known> = {}): Known => ({ ...seen(), isDeleted: false, ...more });

describe('judgeObservation', () => {
  it.each<[string, Known | undefined, Observation, string]>([
    ['nothing is known', undefined, seen(), 'new'],
    ['GHL changed it later', known(), seen({ ghlUpdatedAt: at(11) }), 'newer'],
    [
      'GHL changed it earlier, however late it was read',
      known(),
      seen({ ghlUpdatedAt: at(9), observedAt: at(99) }),
      'older',
    ],
    ['it is the same view', known(), seen({ observedAt: at(99) }), 'same'],
    ['one moment of GHL holds two changes', known(), seen({ observedAt: at(21), fields: { city: 'Salem' } }), 'newer'],
    ['that moment was seen later already', known(), seen({ observedAt: at(19), fields: { city: 'Salem' } }), 'same'],
    ['only a list was known', known({ isExact: false }), seen(), 'more-exact'],
    ['a list shows it otherwise at the same moment', known(), seen({ isExact: false, fields: { city: 'x' } }), 'same'],
    [
      'GHL tells no times and it was asked later',
      known({ ghlUpdatedAt: null }),
      seen({ ghlUpdatedAt: null, observedAt: at(21), fields: {} }),
      'newer',
    ],
    [
      'GHL tells no times and nothing differs',
      known({ ghlUpdatedAt: null }),
      seen({ ghlUpdatedAt: null, observedAt: at(21) }),
      'same',
    ],
    [
      'GHL tells no times and it has come to another contact',
      known({ ghlUpdatedAt: null }),
      seen({ ghlUpdatedAt: null, observedAt: at(21), ghlContactId: 'd' }),
      'newer',
    ],
    [
      'GHL tells no times and leaves its contact out',
      known({ ghlUpdatedAt: null }),
      seen({ ghlUpdatedAt: null, observedAt: at(21), ghlContactId: null }),
      'same',
    ],
    [
      'GHL tells no times and it was asked earlier',
      known({ ghlUpdatedAt: null }),
      seen({ ghlUpdatedAt: null, observedAt: at(19), fields: {} }),
      'older',
    ],
    [
      'GHL tells no times and another contact has it',
      known({ ghlUpdatedAt: null }),
      seen({ ghlUpdatedAt: null, observedAt: at(21), ghlContactId: 'd' }),
      'newer',
    ],
    [
      'GHL tells no times and does not tell whose it is',
      known({ ghlUpdatedAt: null }),
      seen({ ghlUpdatedAt: null, observedAt: at(21), ghlContactId: null }),
      'same',
    ],
    [
      'it was deleted and a list shows it after that',
      known({ isDeleted: true }),
      seen({ observedAt: at(21), isExact: false }),
      'doubtful',
    ],
    ['it was deleted and is read after that', known({ isDeleted: true }), seen({ observedAt: at(21) }), 'restored'],
    [
      'it was deleted after it was read',
      known({ isDeleted: true }),
      seen({ observedAt: at(19), ghlUpdatedAt: at(18) }),
      'older',
    ],
  ])('when %s', (_title, before, observation, reason) => {
    const judged = judgeObservation(before, observation);
    expect(judged).toEqual({ reason, write: ['new', 'newer', 'more-exact', 'restored'].includes(reason) });
  });

  it('leads to the same end in whatever order and however often things are seen', () => {
    // What GHL really held: a state a change, each read some time after it.
    const history = fc
      .array(fc.record({ city: fc.constantFrom('a', 'b', 'c'), isExact: fc.boolean(), lagMs: fc.nat(5) }), {
        minLength: 1,
        maxLength: 8,
      })
      .map((changes) =>
        changes.map(({ city, isExact, lagMs }, index) =>
          seen({ fields: { city }, ghlUpdatedAt: at(index * 10), observedAt: at(index * 10 + lagMs), isExact }),
        ),
      );
    const sights = history.chain((views) =>
      fc.tuple(
        fc.constant(views),
        fc.shuffledSubarray([...views, ...views], { minLength: views.length * 2, maxLength: views.length * 2 }),
      ),
    );
    fc.assert(
      fc.property(sights, ([views, shuffled]) => {
        let state: Known | undefined;
        for (const sight of shuffled) {
          if (judgeObservation(state, sight).write) state = { ...sight, isDeleted: false };
        }
        expect(state?.fields).toEqual(views.at(-1)!.fields);
        expect(state?.ghlUpdatedAt).toEqual(views.at(-1)!.ghlUpdatedAt);
      }),
    );
  });
});

describe('mergeListedContact', () => {
  it('keeps the spelling that is known where a list has the same name in lower case', () => {
    const before = {
      firstName: 'Ann',
      lastName: 'McKay',
      dndSettings: { SMS: { status: 'active' } },
      additionalEmails: ['ann@x.test'],
    };
    expect(mergeListedContact(before, { firstName: 'ann', lastName: 'lee' })).toEqual({
      firstName: 'Ann',
      lastName: 'lee',
      dndSettings: { SMS: { status: 'active' } },
      additionalEmails: ['ann@x.test'],
    });
  });

  it('believes a list that says more than nothing about channels', () => {
    const before = { dndSettings: { SMS: { status: 'active' } } };
    const listed = { dndSettings: { SMS: { status: 'inactive' } } };
    expect(mergeListedContact(before, listed)).toEqual(listed);
  });
});

describe('canonicalFields', () => {
  it('leaves nothing that is empty, and no character that Postgres refuses', () => {
    const fields = {
      a: null,
      b: '',
      c: [],
      d: {},
      e: undefined,
      f: 'x\u0000y',
      g: false,
      h: 0,
      i: { j: null, k: 'l' },
    };
    expect(canonicalFields(fields)).toEqual({ f: 'xy', g: false, h: 0, i: { k: 'l' } });
  });
});

describe('isDeepEqual', () => {
  it('agrees with JSON in whatever order names stand', () => {
    const json = fc.jsonValue() as fc.Arbitrary<FieldValue>;
    const reordered = (value: FieldValue): FieldValue => {
      if (Array.isArray(value)) return value.map(reordered);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([name, each]) => [name, reordered(each)]),
      );
    };
    fc.assert(fc.property(json, (value) => isDeepEqual(value, reordered(value))));
    expect(isDeepEqual({ a: 1 }, { b: 1 })).toBe(false);
    expect(isDeepEqual([1, 2], [2, 1])).toBe(false);
    expect(isDeepEqual([], {})).toBe(false);
    expect(isDeepEqual({ a: [{ b: 'x' }] }, { a: [{ b: 'y' }] })).toBe(false);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createValueFinder } from './value-finder.ts';

const find = createValueFinder([
  '6175550142',
  '16175550142',
  'zyxwora',
  'zyxwora qvantik',
  'zyx.qv@x.test',
  'access-1',
]);
const found = (text: string): string[] => find(text).map(({ spelling }) => spelling);

describe('the search of many values', () => {
  const cases: [string, string[]][] = [
    ['zyxwora', ['zyxwora']],
    ['a note for zyxwora, by hand', ['zyxwora']],
    ['zyxworas', []],
    ['łzyxwora', []],
    ['zyxwora qvantik', ['zyxwora', 'zyxwora qvantik']],
    ['"email":"zyx.qv@x.test"}', ['zyx.qv@x.test']],
    ['bearer access-1.', ['access-1']],
    ['access-12', []],
    ['+16175550142', ['16175550142']],
    ['call (617) 555-0142 now', ['6175550142']],
    ['call +1 617.555.0142', ['16175550142']],
    ['at 61755501421 ms', []],
    ['2026-11-21T09:33:12.617Z', []],
    ['zyxw', []],
    ['', []],
  ];
  it.each(cases)('finds in %j: %j', (text, spellings) => {
    expect(found(text)).toEqual(spellings);
  });

  it('finds each value wherever it stands between other words', () => {
    const value = fc.stringMatching(/^[a-z0-9@._-]{5,40}$/);
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), fc.nat(), fc.string(), (values, index, rest) => {
        const wanted = values[index % values.length]!;
        const hits = createValueFinder(values)(`${rest} ${wanted} ${rest}`);
        expect(hits).toContainEqual({ spelling: wanted, start: rest.length + 1, end: rest.length + 1 + wanted.length });
      }),
    );
  });
});

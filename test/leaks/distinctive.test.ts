import { describe, expect, it } from 'vitest';
import { listSpellings } from './distinctive.ts';
import type { ValueKind } from './evidence.ts';

describe('what a used value is recognised by', () => {
  const cases: [ValueKind, string, string[]][] = [
    ['phone', '+16175550142', ['+16175550142', '16175550142', '6175550142']],
    ['phone', '(617) 555-0142', ['(617) 555-0142', '6175550142']],
    ['phone', '+442079460018', ['+442079460018', '442079460018']],
    ['phone', '555-0142', []],
    ['phone', 'home', []],
    ['e-mail', 'Zyx.Qv@x.test', ['zyx.qv@x.test']],
    ['token', 'access-1', ['access-1']],
    ['token', 'token-1', []],
    ['name', 'Zyxwora', ['zyxwora']],
    ['name', 'Ann', []],
    ['name', 'Ann Quill', ['ann quill']],
  ];
  it.each(cases)('is, of the %s %s: %j', (kind, value, spellings) => {
    expect(listSpellings({ kind, value })).toEqual(spellings);
  });
});

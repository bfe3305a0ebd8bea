import { describe, expect, it } from 'vitest';
import { compareKind, type MirrorRow } from '../../bench/mirror/comparison.ts';
import { findFalseDeletes, type NotedMark } from '../../bench/mirror/deletions.ts';
import type { Picture } from '../../bench/mirror/ghl-picture.ts';

const at = (second: number): Date => new Date(Date.UTC(2026, 0, 1, 0, 0, second));

describe('comparing a kind of record', () => {
  const there: Picture = new Map([
    [
      'a',
      {
        fields: { city: 'Boston', email: null, tags: ['x'], dnd: false },
        contactId: 'a',
        createdAt: at(1).toISOString(),
        updatedAt: at(2).toISOString(),
      },
    ],
  ]);
  const row: MirrorRow = {
    ghlId: 'a',
    contactId: 'a',
    fields: { dnd: false, tags: ['x'], city: 'Boston' },
    createdAt: at(1),
    updatedAt: at(2),
    isExact: true,
  };
  const kinds = (rows: MirrorRow[]) => compareKind('contact', there, rows).map(({ kind, ghlId }) => [kind, ghlId]);

  it('finds nothing where all is alike, in whatever order it stands', () => {
    expect(kinds([row])).toEqual([]);
  });

  it.each<[string, Partial<MirrorRow>, string[]]>([
    ['a field that differs', { fields: { ...row.fields, city: 'Salem' } }, ['city']],
    ['a field that is missing', { fields: { dnd: false, tags: ['x'] } }, ['city']],
    ['a field that is too much', { fields: { ...row.fields, phone: '+1' } }, ['phone']],
    ['a flag that is lost', { fields: { city: 'Boston', tags: ['x'] } }, ['dnd']],
    ['another contact', { contactId: 'b' }, ['contact']],
    ['another creation', { createdAt: at(3) }, ['created']],
    ['an older change', { updatedAt: at(1) }, ['updated']],
    ['a record that was never read', { isExact: false }, ['never-read']],
  ])('names %s', (_case, change, expected) => {
    expect(kinds([{ ...row, ...change }])).toEqual(expected.map((kind) => [kind, 'a']));
  });

  it('names what is missing on either side, and what stands there twice', () => {
    expect(kinds([])).toEqual([['missing-here', 'a']]);
    expect(kinds([row, { ...row, ghlId: 'b' }])).toEqual([['missing-there', 'b']]);
    expect(kinds([row, row])).toEqual([['twice', 'a']]);
  });
});

describe('marks of deletion', () => {
  const mark: NotedMark = { locationId: 'l', resource: 'contact', ghlId: 'a', act: 'deleted', at: at(10) };
  const removedAt = (second: number) => [{ kind: 'contact' as const, id: 'a', at: at(second).toISOString() }];

  it('are right from the moment on at which GHL removed the record', () => {
    expect(findFalseDeletes([mark], removedAt(10))).toEqual([]);
    expect(findFalseDeletes([mark], removedAt(9))).toEqual([]);
  });

  it('are false before it, even when the record is removed later or the mark is taken back', () => {
    expect(findFalseDeletes([mark], removedAt(11))).toMatchObject([{ ghlId: 'a', removedAt: at(11).toISOString() }]);
    const takenBack: NotedMark = { ...mark, act: 'restored', at: at(11) };
    expect(findFalseDeletes([mark, takenBack], [])).toMatchObject([{ ghlId: 'a', removedAt: null }]);
  });

  it('of one kind of record are not excused by the end of another with the same id', () => {
    expect(findFalseDeletes([{ ...mark, resource: 'message' }], removedAt(1))).toHaveLength(1);
  });
});

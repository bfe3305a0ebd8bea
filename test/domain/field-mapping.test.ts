import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromGhlValue, judgeDrift, judgeMapping, type MappedType, toGhlValue } from '../../domain/field-mapping.ts';
import type { FieldValue } from '../../domain/mirror.ts';

const of = (type: MappedType, options: string[] = []) => ({ name: 'x', type, ghlFieldId: 'f', dataType: '', options });

describe('a value by our name', () => {
  it.each<[MappedType, unknown, FieldValue | undefined]>([
    ['text', 'red', 'red'],
    ['text', 7, undefined],
    ['number', 7.5, 7.5],
    ['number', '7', undefined],
    ['number', Number.NaN, undefined],
    ['date', '2027-02-28', '2027-02-28'],
    ['date', '2027-02-30', undefined],
    ['date', '28.02.2027', undefined],
    ['option', 'red', 'red'],
    ['option', 'green', undefined],
    ['options', ['red', 'red', 'blue'], ['red', 'blue']],
    ['options', ['green'], undefined],
    ['options', 'red', undefined],
    ['files', [], undefined],
    ['files', null, undefined],
    ['number', null, null],
  ])('of the type %s: %j becomes %j', (type, value, expected) => {
    const read = toGhlValue(of(type, ['red', 'blue']), value);
    expect(read.fits ? read.value : undefined).toEqual(expected);
    if (!read.fits) expect(read.message).not.toContain('green');
  });

  it('is what GHL shows afterwards, however GHL spells it', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e6, max: 1e6 }), fc.integer({ min: 0, max: 4e12 }), (number, ms) => {
        expect(fromGhlValue(of('number'), String(number))).toBe(number);
        const day = new Date(ms).toISOString().slice(0, 10);
        for (const raw of [day, `${day}T00:00:00.000Z`, Date.parse(day)]) {
          expect(fromGhlValue(of('date'), raw)).toBe(day);
        }
      }),
    );
  });
});

describe('a field of GHL', () => {
  const definition = { ghlFieldId: 'f', dataType: 'SINGLE_OPTIONS', options: ['a', 'b'] };
  it('fits the types that can hold it', () => {
    const judge = (type: MappedType, options: string[] = []) => judgeMapping({ type, options }, definition).reason;
    expect([judge('option'), judge('option', ['a']), judge('option', ['c']), judge('text')]).toEqual([
      'ok',
      'ok',
      'options-unknown',
      'type-does-not-fit',
    ]);
  });
  it('has drifted when it is gone, of another type or has other options, in whatever order', () => {
    const mapping = { name: 'x', type: 'option' as const, ...definition };
    expect(judgeDrift(mapping, { ...definition, options: ['b', 'a'] })).toBeNull();
    expect(judgeDrift(mapping, { ...definition, options: ['a'] })).toBe('options-changed');
    expect(judgeDrift(mapping, { ...definition, dataType: 'RADIO' })).toBe('type-changed');
    expect(judgeDrift(mapping, undefined)).toBe('gone');
  });
});

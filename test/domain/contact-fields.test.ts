import { describe, expect, it } from 'vitest';
import { type FieldName, isSameValue, valueOf, withValue } from '../../domain/contact-fields.ts';
import type { MappedType } from '../../domain/field-mapping.ts';
import type { Fields, FieldValue } from '../../domain/mirror.ts';

describe('two values of a field', () => {
  it.each<[FieldName, MappedType | undefined, FieldValue, FieldValue, boolean]>([
    ['city', undefined, ' Boston ', 'Boston', true],
    ['city', undefined, '', null, true],
    ['email', undefined, 'A@x.test', 'a@x.test', true],
    ['phone', undefined, '+1 (212) 555', '+1212555', true],
    ['dateOfBirth', undefined, '1990-05-01T00:00:00.000Z', '1990-05-01', true],
    ['dateOfBirth', undefined, '1990-05-02', '1990-05-01', false],
    ['custom:f', 'date', Date.UTC(2027, 0, 31), '2027-01-31', true],
    ['custom:f', 'date', String(Date.UTC(2027, 0, 31)), '2027-01-31', true],
    ['custom:f', 'date', '2027-01-31T00:00:00.000Z', '2027-01-31', true],
    ['custom:f', 'date', '2027-02-01', '2027-01-31', false],
    ['custom:f', 'date', null, '2027-01-31', false],
    ['custom:f', undefined, Date.UTC(2027, 0, 31), '2027-01-31', false],
    ['custom:f', 'text', '2027-01-31T00:00:00.000Z', '2027-01-31', false],
    ['custom:f', 'number', '12.50', 12.5, true],
    ['custom:f', 'option', ['red'], 'red', true],
    ['custom:f', 'option', ['red', 'blue'], 'red', false],
    ['custom:f', 'options', 's', ['s'], true],
    ['custom:f', 'options', ['m', 's', 'm'], ['s', 'm'], true],
    ['custom:f', 'options', ['m'], ['s', 'm'], false],
    ['custom:f', 'options', [], null, true],
    ['custom:f', 'text', ['m', 's'], ['s', 'm'], false],
  ])('%s as %s: %j and %j mean the same: %s', (field, type, a, b, isSame) => {
    expect(isSameValue(field, a, b, type)).toBe(isSame);
    expect(isSameValue(field, b, a, type)).toBe(isSame);
  });
});

describe('a block of contacting on one channel', () => {
  const permanent = { SMS: { status: 'permanent', code: '30004' } };
  it.each<[title: string, before: Fields, value: FieldValue, after: Fields]>([
    ['is set beside others', { dndSettings: { Email: { status: 'active' } } }, true, { SMS: { status: 'active' } }],
    [
      'is set on a channel that was opened',
      { dndSettings: { SMS: { status: 'inactive' } } },
      true,
      { SMS: { status: 'active' } },
    ],
    ['leaves a firmer one', { dndSettings: permanent }, true, permanent],
    ['is never lifted', { dndSettings: permanent }, false, permanent],
    ['is never emptied', { dndSettings: { SMS: { status: 'active' } } }, null, { SMS: { status: 'active' } }],
  ])('%s', (_, before, value, after) => {
    const shown = withValue(before, 'dnd:SMS', value);
    expect(shown['dndSettings']).toMatchObject(after);
    expect(valueOf(shown, 'dnd:SMS')).toBe(true);
    expect(valueOf(shown, 'dnd:Email')).toBe(valueOf(before, 'dnd:Email'));
  });
});

import { describe, expect, it } from 'vitest';
import { namesAreCompatible } from '../../domain/name-match.ts';
import { normalisePersonName } from '../../domain/person-name.ts';

function areCompatible(a: string, b: string): boolean {
  return namesAreCompatible(normalisePersonName({ name: a }), normalisePersonName({ name: b }));
}

describe('namesAreCompatible', () => {
  it.each([
    ['John Smith', 'john SMITH'],
    ['J. Smith', 'John Smith'],
    ['J. Smith', 'J Smith'],
    ['John S.', 'John Smith'],
    ['Jon Smith', 'Jonathan Smith'],
    ['Bob Smith', 'Robert Smith'],
    ['Peggy Smith', 'Margaret Smith'],
    ['José Núñez', 'Jose Nunez'],
    ['Søren Łukasz', 'Soren Lukasz'],
    ["Ann O'Brien", 'Ann OBrien'],
    ['Ann Smith-Jones', 'Ann Smith Jones'],
    ['María García López', 'María García'],
    ['Dick van Dyke', 'Dick Dyke'],
    ['John Q. Public', 'John Public'],
    ['John', 'John Smith'],
    ['Bill', 'William Smith'],
    ['Maria', 'Maria'],
    ['John Smith Jr.', 'John Smith'],
    ['Mr John Smith', 'John Smith'],
    ['王 李', '王 李'],
  ])('takes %s and %s for one person', (a, b) => {
    expect(areCompatible(a, b)).toBe(true);
    expect(areCompatible(b, a)).toBe(true);
  });

  it.each([
    ['Maria Smith', 'John Smith'],
    ['John Smith', 'John Miller'],
    ['J. Smith', 'Maria Smith'],
    ['J.', 'John Smith'],
    ['J. S.', 'John Smith'],
    ['J.', 'J.'],
    ['Mr Smith', 'John Smith'],
    ['Mr Smith', 'Mr Smith'],
    ['', 'John Smith'],
    ['', ''],
    ['John Smith Jr', 'John Smith Sr'],
    ['John A. Smith', 'John B. Smith'],
    ['Paul Smith', 'Paula Smith'],
    ['Daniel Smith', 'Danielle Smith'],
    ['Jo Smith', 'John Smith'],
    ['Ana García López', 'Ana García Pérez'],
    ['John S.', 'John Miller'],
    ['王 李', '王 张'],
    ['राम', 'रमा'],
  ])('keeps %s and %s apart', (a, b) => {
    expect(areCompatible(a, b)).toBe(false);
    expect(areCompatible(b, a)).toBe(false);
  });

  it('reads a first name of two words as one when only the spacing differs', () => {
    const [spaced, joined] = [{ firstName: 'Mary Ann' }, { firstName: 'Maryann' }].map((first) => ({
      ...first,
      lastName: 'Lee',
    }));
    expect(spaced && joined && namesAreCompatible(spaced, joined)).toBe(true);
  });

  it('keeps two people apart whose second first names differ', () => {
    const [michael, peter] = ['John Michael', 'John Peter'].map((firstName) => ({ firstName, lastName: 'Lee' }));
    expect(michael && peter && namesAreCompatible(michael, peter)).toBe(false);
  });
});

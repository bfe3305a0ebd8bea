import { describe, expect, it } from 'vitest';
import { normalisePersonName } from '../../domain/person-name.ts';

describe('normalisePersonName', () => {
  it.each([
    [{ firstName: ' Jane ', lastName: 'van  der   Berg' }, 'Jane', 'van der Berg'],
    [{ name: 'Jane Doe' }, 'Jane', 'Doe'],
    [{ name: 'María José García' }, 'María', 'José García'],
    [{ name: 'John Q. Public' }, 'John Q.', 'Public'],
    [{ name: 'Public, John' }, 'John', 'Public'],
    [{ name: 'John Smith, Jr.' }, 'John', 'Smith, Jr.'],
    [{ name: 'Mr. John Smith' }, 'John', 'Smith'],
    [{ name: 'Mrs Lee' }, null, 'Lee'],
    [{ name: 'Cher' }, 'Cher', null],
    [{ name: '王小明' }, '王小明', null],
    [{ name: 'Jane\tDoe\u200b' }, 'Jane', 'Doe'],
    [{ firstName: 'Jane', name: 'jane Doe' }, 'Jane', 'Doe'],
    [{ lastName: 'Doe', name: 'Jane Doe' }, 'Jane', 'Doe'],
    [{ firstName: 'Jane', name: 'Acme Roofing' }, 'Jane', null],
    [{ lastName: 'Doe' }, null, 'Doe'],
    [{ firstName: 'Unknown', lastName: 'N/A', name: 'Jane Doe' }, 'Jane', 'Doe'],
    [{ firstName: 'Jane', lastName: '-' }, 'Jane', null],
    [{ name: 'n/a' }, null, null],
    [{ name: '123' }, null, null],
    [{ name: null, firstName: '' }, null, null],
    [{}, null, null],
  ])('reads %j as %s, %s', (raw, firstName, lastName) => {
    expect(normalisePersonName(raw)).toEqual({ firstName, lastName });
  });

  it('composes accents, so that two spellings of one letter are equal', () => {
    expect(normalisePersonName({ firstName: 'Jose\u0301' }).firstName).toBe('José');
  });
});

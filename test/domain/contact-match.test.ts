import { describe, expect, it } from 'vitest';
import { chooseContact, type MatchedContact } from '../../domain/contact-match.ts';

const person = { firstName: 'Ada', lastName: 'Ray', email: 'ada@x.test', phone: '+12125550101' };
const contact = (more: Partial<MatchedContact>): MatchedContact => ({
  id: 'contact-1',
  firstName: null,
  lastName: null,
  email: null,
  phone: null,
  ...more,
});

describe('the contact of a person', () => {
  it('is a new one when nobody has the e-mail or the phone', () => {
    expect(chooseContact(person, undefined, undefined)).toEqual({ write: 'upsert', identity: person, reason: 'new' });
  });

  it('is the one of the e-mail, whose blanks alone are filled', () => {
    const found = contact({ email: person.email, lastName: 'Old' });
    const fields = { firstName: 'Ada', phone: person.phone };
    expect(chooseContact(person, found, undefined)).toEqual({
      write: 'update',
      contactId: 'contact-1',
      fields,
      reason: 'same-email',
    });
  });

  it('keeps the phone of another contact off the one of the e-mail', () => {
    const byEmail = contact({ email: person.email, firstName: 'Ada', lastName: 'Ray' });
    const byPhone = contact({ id: 'contact-2', phone: person.phone });
    expect(chooseContact(person, byEmail, byPhone)).toMatchObject({ contactId: 'contact-1', fields: {} });
    expect(chooseContact(person, byEmail, byEmail)).toMatchObject({ fields: { phone: person.phone } });
  });

  it('is the one of the phone when the names agree', () => {
    const found = contact({ firstName: 'Ada', lastName: 'Ray', email: 'old@x.test', phone: person.phone });
    expect(chooseContact(person, undefined, found)).toMatchObject({
      write: 'update',
      fields: {},
      reason: 'same-phone',
    });
  });

  it.each([
    { firstName: null, lastName: 'Ray' },
    { firstName: 'A', lastName: null },
    { firstName: null, lastName: null },
  ])('is the very one we wrote before, however little it says: %o', (name) => {
    const again = { ...name, email: null, phone: person.phone };
    expect(chooseContact(again, undefined, contact(again))).toMatchObject({ write: 'update', contactId: 'contact-1' });
  });

  it('is not the one of the phone of a stranger', () => {
    const stranger = contact({ firstName: 'Otto', phone: person.phone });
    const identity = { ...person, phone: null };
    expect(chooseContact(person, undefined, stranger)).toEqual({ write: 'upsert', identity, reason: 'shared-phone' });
    expect(chooseContact({ ...person, email: null }, undefined, stranger)).toEqual({
      write: 'none',
      reason: 'phone-of-another',
    });
  });

  it('is not a nameless one with an e-mail of its own, when the person is nameless too', () => {
    const nameless = { firstName: null, lastName: null, email: null, phone: person.phone };
    const found = contact({ email: 'somebody@x.test', phone: person.phone });
    expect(chooseContact(nameless, undefined, found)).toMatchObject({ write: 'none' });
  });

  it('is none for a person without e-mail and phone', () => {
    const unreachable = { ...person, email: null, phone: null };
    expect(chooseContact(unreachable, undefined, undefined)).toEqual({ write: 'none', reason: 'no-identifier' });
  });
});

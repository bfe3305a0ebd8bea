import { namesAreCompatible, namesAreEqual } from './name-match.ts';
import type { PersonName } from './person-name.ts';

export interface ContactIdentity extends PersonName {
  email: string | null;
  phone: string | null;
}

export interface MatchedContact extends ContactIdentity {
  id: string;
}

export type ContactChoice =
  /** The person's own contact: fill what is blank, replace nothing. */
  | { write: 'update'; contactId: string; fields: Partial<ContactIdentity>; reason: string }
  /** Nobody there: GHL may create one with these identifiers. */
  | { write: 'upsert'; identity: ContactIdentity; reason: string }
  /**
   * The person can have no contact of their own: the phone is another person's and there is no e-mail to tell them
   * apart, or there is neither, and GHL could not find the contact again.
   */
  | { write: 'none'; reason: 'phone-of-another' | 'no-identifier' };

/**
 * Decides which contact of a location a person is, given who has the e-mail and who the phone there. Left to itself,
 * GHL's upsert replaces the main e-mail of whoever has the phone, and drops an identifier that belongs to another.
 */
export function chooseContact(
  person: ContactIdentity,
  byEmail: MatchedContact | undefined,
  byPhone: MatchedContact | undefined,
): ContactChoice {
  if (byEmail) {
    const phoneIsFree = byPhone === undefined || byPhone.id === byEmail.id;
    const fields = blanksOf(byEmail, { ...person, phone: phoneIsFree ? person.phone : null });
    return { write: 'update', contactId: byEmail.id, fields, reason: 'same-email' };
  }
  if (person.email === null && person.phone === null) return { write: 'none', reason: 'no-identifier' };
  if (!byPhone) return { write: 'upsert', identity: person, reason: 'new' };
  if (isPhoneOfPerson(person, byPhone)) {
    return { write: 'update', contactId: byPhone.id, fields: blanksOf(byPhone, person), reason: 'same-phone' };
  }
  if (person.email === null) return { write: 'none', reason: 'phone-of-another' };
  return { write: 'upsert', identity: { ...person, phone: null }, reason: 'shared-phone' };
}

/** A lone initial or last name is compatible with nothing, but when it is the very same it is what we wrote before. */
function isPhoneOfPerson(person: ContactIdentity, contact: ContactIdentity): boolean {
  if (namesAreCompatible(person, contact)) return true;
  const isNamed = Boolean(person.firstName ?? person.lastName);
  return namesAreEqual(person, contact) && (isNamed || contact.email === null);
}

function blanksOf(contact: ContactIdentity, person: ContactIdentity): Partial<ContactIdentity> {
  const fields: Partial<ContactIdentity> = {};
  for (const name of ['firstName', 'lastName', 'email', 'phone'] as const) {
    if (!contact[name] && person[name]) fields[name] = person[name];
  }
  return fields;
}

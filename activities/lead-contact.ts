import type { PlacementFacts } from '../db/lead-placement.ts';
import { chooseContact, type ContactChoice, type ContactIdentity } from '../domain/contact-match.ts';
import { OWN_CONTACT_SOURCE } from '../domain/own-writes.ts';
import type { GhlCalls, LocationCall } from '../ghl/calls.ts';
import type { GhlContact } from '../ghl/contact-schema.ts';
import { findDuplicateContact, updateContact, upsertContact } from '../ghl/contacts.ts';
import { GhlDuplicateContactError, GhlInvalidError, GhlNotFoundError } from '../ghl/errors.ts';

/**
 * Finds or makes the person's contact in the location of the assignment and gives it to the rep. A known contact that
 * GHL has no more was merged into another one, or tidied away while the lead was elsewhere: the person is looked up, and
 * made again where nobody is found. Not so when a person has deleted the very contact the lead has: it keeps the id, by
 * which the event of the deletion ends it.
 * @returns the contact's id, and how GHL showed it where it was made now; undefined when the person can have none of their
 * own there
 * @throws GhlError
 */
export async function writeContact(
  ghl: GhlCalls,
  call: LocationCall,
  facts: PlacementFacts,
): Promise<{ contactId: string; made?: GhlContact } | undefined> {
  const { person, ghlUserId } = facts;
  const assigned = { assignedTo: ghlUserId };
  if (facts.knownContactId !== null) {
    // It came in through this very account, or was here before.
    const isThere = await updateIfThere(ghl, call, facts.knownContactId, assigned);
    if (isThere || facts.isContactDeleted) return { contactId: facts.knownContactId };
  }
  const choice = await lookFor(ghl, call, person);
  switch (choice.write) {
    case 'none':
      return undefined;
    case 'update':
      await updateContact(ghl, call, choice.contactId, assigned);
      await fillBlanks(ghl, call, choice.contactId, choice.fields);
      return { contactId: choice.contactId };
    case 'upsert': {
      const { postcode: postalCode, country } = facts;
      // GHL replaces the main e-mail of whoever has the phone by now: with an e-mail at hand, the phone follows alone.
      const { email, phone } = choice.identity;
      const identity = email === null ? choice.identity : { ...choice.identity, phone: null };
      const fields = { ...identity, postalCode, country, ...assigned, source: OWN_CONTACT_SOURCE };
      try {
        const { contact, isNew } = await upsertContact(ghl, call, withoutNulls(fields));
        const filled =
          email !== null && phone !== null ? await fillBlanks(ghl, call, contact.id, { phone }) : undefined;
        return { contactId: contact.id, ...(isNew && { made: filled ?? contact }) };
      } catch (error) {
        // GHL has been seen to answer 422 and to create the contact all the same.
        const found = error instanceof GhlInvalidError ? await lookFor(ghl, call, person) : undefined;
        if (found?.write !== 'update') throw error;
        return { contactId: found.contactId };
      }
    }
  }
}

/** The contact that is this person's own in the location, if there is one. @throws GhlError */
export async function findOwnContact(
  ghl: GhlCalls,
  call: LocationCall,
  person: ContactIdentity,
): Promise<string | undefined> {
  const choice = await lookFor(ghl, call, person);
  return choice.write === 'update' ? choice.contactId : undefined;
}

/** @returns false when GHL has no such contact */
async function updateIfThere(
  ghl: GhlCalls,
  call: LocationCall,
  contactId: string,
  fields: { assignedTo: string | null },
): Promise<boolean> {
  try {
    await updateContact(ghl, call, contactId, fields);
    return true;
  } catch (error) {
    if (error instanceof GhlNotFoundError && error.reason === 'not-found') return false;
    throw error;
  }
}

/**
 * Adds what the contact lacks. An identifier that has become another contact's meanwhile stays theirs.
 * @returns the contact as it is then; undefined where nothing was changed
 */
async function fillBlanks(
  ghl: GhlCalls,
  call: LocationCall,
  contactId: string,
  fields: Partial<ContactIdentity>,
): Promise<GhlContact | undefined> {
  if (Object.keys(fields).length === 0) return undefined;
  try {
    return await updateContact(ghl, call, contactId, fields);
  } catch (error) {
    if (!(error instanceof GhlDuplicateContactError)) throw error;
    const { email: _email, phone: _phone, ...names } = fields;
    return Object.keys(names).length > 0 ? updateContact(ghl, call, contactId, names) : undefined;
  }
}

/** Both searches are asked at once: neither needs the other's answer, and GHL takes its time for each. */
async function lookFor(ghl: GhlCalls, call: LocationCall, person: ContactIdentity): Promise<ContactChoice> {
  const { email, phone } = person;
  const [byEmail, byPhone] = await Promise.all([
    email === null ? undefined : findDuplicateContact(ghl, call, { email }),
    phone === null ? undefined : findDuplicateContact(ghl, call, { phone }),
  ]);
  return chooseContact(person, byEmail, byPhone);
}

const withoutNulls = <T extends Record<string, string | null>>(fields: T): { [K in keyof T]?: string } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as { [K in keyof T]?: string };

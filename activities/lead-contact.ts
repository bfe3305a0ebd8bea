import type { PlacementFacts } from '../db/lead-placement.ts';
import { chooseContact, type ContactChoice, type ContactIdentity } from '../domain/contact-match.ts';
import type { GhlCalls, LocationCall } from '../ghl/calls.ts';
import { findDuplicateContact, updateContact, upsertContact } from '../ghl/contacts.ts';
import { GhlInvalidError } from '../ghl/errors.ts';

/**
 * Finds or makes the person's contact in the location of the assignment and gives it to the rep.
 * @returns the contact's id; undefined when the person can have none of their own there
 * @throws GhlError
 */
export async function writeContact(
  ghl: GhlCalls,
  call: LocationCall,
  facts: PlacementFacts,
): Promise<string | undefined> {
  const { person, ghlUserId } = facts;
  const assigned = { assignedTo: ghlUserId };
  if (facts.knownContactId !== null) {
    // It came in through this very account, or was here before.
    await updateContact(ghl, call, facts.knownContactId, assigned);
    return facts.knownContactId;
  }
  const choice = await lookFor(ghl, call, person);
  switch (choice.write) {
    case 'none':
      return undefined;
    case 'update':
      await updateContact(ghl, call, choice.contactId, { ...choice.fields, ...assigned });
      return choice.contactId;
    case 'upsert': {
      const { postcode: postalCode, country } = facts;
      const fields = { ...choice.identity, postalCode, country, ...assigned, source: 'Switchyard' };
      try {
        return (await upsertContact(ghl, call, withoutNulls(fields))).contact.id;
      } catch (error) {
        // GHL has been seen to answer 422 and to create the contact all the same.
        const found = error instanceof GhlInvalidError ? await lookFor(ghl, call, person) : undefined;
        if (found?.write !== 'update') throw error;
        return found.contactId;
      }
    }
  }
}

async function lookFor(ghl: GhlCalls, call: LocationCall, person: ContactIdentity): Promise<ContactChoice> {
  const byEmail = person.email === null ? undefined : await findDuplicateContact(ghl, call, { email: person.email });
  const byPhone = person.phone === null ? undefined : await findDuplicateContact(ghl, call, { phone: person.phone });
  return chooseContact(person, byEmail, byPhone);
}

const withoutNulls = <T extends Record<string, string | null>>(fields: T): { [K in keyof T]?: string } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as { [K in keyof T]?: string };

import type { Simulation } from '../simulation.ts';
import type { Contact, Location } from '../world/records.ts';
import { findMatch } from './contact-dedupe.ts';
import { applyInput, normalisePhone } from './contact-fields.ts';
import type { ContactInput } from './contact-input.ts';
import { createContact, replaceContact } from './contact-writes.ts';

/**
 * Creates or updates by the location's dedupe setting, with the traps of the real one: where e-mail and phone belong to two
 * contacts, the stronger identifier's contact is updated and the other identifier is silently dropped; a contact found by
 * phone loses its e-mail to the given one; tags are replaced.
 */
export function upsertContact(
  sim: Simulation,
  location: Location,
  input: ContactInput,
  createNewIfDuplicateAllowed: boolean,
): { isNew: boolean; contact: Contact } {
  const identifiers = { email: input.email, phone: input.phone ? normalisePhone(input.phone) : input.phone };
  const match = findMatch(sim.world, location, identifiers);
  const makeAnother = createNewIfDuplicateAllowed && location.settings.allowDuplicateContact;
  if (!match || makeAnother) return { isNew: true, contact: createContact(sim, location, input) };

  const { contact, matchingField } = match;
  const other = matchingField === 'email' ? 'phone' : 'email';
  const written = applyInput(sim, contact, input);
  const otherValue = identifiers[other];
  const owner = otherValue ? sim.world.contacts.findByIdentifier(location.id, other, otherValue) : undefined;
  if (owner && owner.id !== contact.id) written[other] = contact[other];
  return { isNew: false, contact: replaceContact(sim, contact, written) };
}

import type { Contact, Location } from '../world/records.ts';
import type { World } from '../world/world.ts';

/** A contact that carries an identifier of another. */
export interface Match {
  contact: Contact;
  matchingField: 'email' | 'phone';
}

/**
 * Finds the contact that the location's dedupe setting takes for the same person: the first identifier of the setting
 * that matches decides, and a match of a weaker one is not looked at. `exceptId` leaves the contact itself out.
 */
export function findMatch(
  world: World,
  location: Location,
  identifiers: { email?: string | null | undefined; phone?: string | null | undefined },
  exceptId?: string,
): Match | undefined {
  for (const field of location.settings.dedupe) {
    const value = identifiers[field];
    if (!value) continue;
    const contact = world.contacts.findByIdentifier(location.id, field, value);
    if (contact && contact.id !== exceptId) return { contact, matchingField: field };
  }
  return undefined;
}

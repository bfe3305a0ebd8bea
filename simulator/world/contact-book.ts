import type { Contact } from './records.ts';

/** The contacts of every location, found by id, e-mail and phone without walking them all. */
export interface ContactBook {
  find(contactId: string): Contact | undefined;
  listByLocation(locationId: string): Contact[];
  /** The oldest contact of the location with this e-mail (any case) or phone. */
  findByIdentifier(locationId: string, field: 'email' | 'phone', value: string): Contact | undefined;
  put(contact: Contact): void;
  remove(contactId: string): void;
  list(): Contact[];
}

/** Makes an empty contact book. */
export function createContactBook(): ContactBook {
  const byId = new Map<string, Contact>();
  const byLocation = new Map<string, Set<string>>();
  const byIdentifier = new Map<string, Set<string>>();

  const keysOf = (contact: Contact): string[] =>
    (['email', 'phone'] as const).flatMap((field) => {
      const value = contact[field];
      return value ? [identifierKey(contact.locationId, field, value)] : [];
    });
  const resolve = (ids: Set<string> | undefined): Contact[] =>
    [...(ids ?? [])].flatMap((contactId) => byId.get(contactId) ?? []);

  const remove = (contactId: string): void => {
    const contact = byId.get(contactId);
    if (!contact) return;
    byId.delete(contactId);
    byLocation.get(contact.locationId)?.delete(contactId);
    for (const key of keysOf(contact)) byIdentifier.get(key)?.delete(contactId);
  };

  return {
    find: (contactId) => byId.get(contactId),
    listByLocation: (locationId) => resolve(byLocation.get(locationId)),
    findByIdentifier: (locationId, field, value) =>
      resolve(byIdentifier.get(identifierKey(locationId, field, value))).sort((a, b) =>
        a.dateAdded.localeCompare(b.dateAdded),
      )[0],
    put(contact) {
      remove(contact.id);
      byId.set(contact.id, contact);
      addTo(byLocation, contact.locationId, contact.id);
      for (const key of keysOf(contact)) addTo(byIdentifier, key, contact.id);
    },
    remove,
    list: () => [...byId.values()],
  };
}

function identifierKey(locationId: string, field: string, value: string): string {
  return `${locationId}/${field}/${value.toLowerCase()}`;
}

function addTo(index: Map<string, Set<string>>, key: string, value: string): void {
  const known = index.get(key);
  if (known) known.add(value);
  else index.set(key, new Set([value]));
}

import type { Populations } from './generated/populations.ts';
import { walk } from './generated/series.ts';
import type { Contact } from './records.ts';

/** The contacts of every location, found by id, e-mail and phone without walking them all; generated ones among them. */
export interface ContactBook {
  find(contactId: string): Contact | undefined;
  /** Those that are stored: all but the generated ones that nobody has changed. */
  listStored(locationId: string): Contact[];
  /** All of a location, one after the other. */
  walk(locationId: string): Iterable<Contact>;
  /** How many there are, in a location or in all. */
  count(locationId?: string): number;
  /** The generated contacts of a location that are stored or gone by now. */
  coveredIn(locationId: string): ReadonlySet<string>;
  /** The oldest contact of the location with this e-mail (any case) or phone. */
  findByIdentifier(locationId: string, field: 'email' | 'phone', value: string): Contact | undefined;
  put(contact: Contact): void;
  remove(contactId: string): void;
  /** Everything that is stored. */
  list(): Contact[];
  /** The ids of generated contacts that were removed. */
  listGone(): string[];
}

const nobody: ReadonlySet<string> = new Set();

/** Makes a contact book with nothing stored in it. */
export function createContactBook(populations: Populations): ContactBook {
  const byId = new Map<string, Contact>();
  const byLocation = new Map<string, Set<string>>();
  const byIdentifier = new Map<string, Set<string>>();
  const gone = new Set<string>();
  const covered = new Map<string, Set<string>>();

  const keysOf = (contact: Contact): string[] =>
    (['email', 'phone'] as const).flatMap((field) => {
      const value = contact[field];
      return value ? [identifierKey(contact.locationId, field, value)] : [];
    });
  const resolve = (ids: Set<string> | undefined): Contact[] =>
    [...(ids ?? [])].flatMap((contactId) => byId.get(contactId) ?? []);
  const forget = (contactId: string): void => {
    const contact = byId.get(contactId);
    if (!contact) return;
    byId.delete(contactId);
    byLocation.get(contact.locationId)?.delete(contactId);
    for (const key of keysOf(contact)) byIdentifier.get(key)?.delete(contactId);
  };
  /** Returns whether the contact is a generated one, whose place is taken now. */
  const cover = (contactId: string): boolean => {
    const at = populations.locate('contact', contactId);
    if (at) addTo(covered, at.population.spec.locationId, contactId);
    return at !== undefined;
  };
  const coveredIn = (locationId: string): ReadonlySet<string> => covered.get(locationId) ?? nobody;
  const countGenerated = (locationId: string): number =>
    (populations.of(locationId)?.spec.contacts ?? 0) - coveredIn(locationId).size;
  const findGenerated = (locationId: string, field: 'email' | 'phone', value: string): Contact[] => {
    const population = populations.of(locationId);
    const index = population?.findByIdentifier(field, value);
    if (!population || index === undefined) return [];
    const contact = population.contactAt(index);
    return coveredIn(locationId).has(contact.id) ? [] : [contact];
  };

  return {
    find: (contactId) => byId.get(contactId) ?? (gone.has(contactId) ? undefined : populations.findContact(contactId)),
    listStored: (locationId) => resolve(byLocation.get(locationId)),
    *walk(locationId) {
      const stored = resolve(byLocation.get(locationId));
      const population = populations.of(locationId);
      for (const index of population ? walk([0, population.spec.contacts], 1) : []) {
        const contact = population?.contactAt(index);
        if (contact && !coveredIn(locationId).has(contact.id)) yield contact;
      }
      yield* stored;
    },
    count(locationId) {
      if (locationId !== undefined) return (byLocation.get(locationId)?.size ?? 0) + countGenerated(locationId);
      return populations.list().reduce((sum, spec) => sum + countGenerated(spec.locationId), byId.size);
    },
    coveredIn,
    findByIdentifier: (locationId, field, value) =>
      [
        ...resolve(byIdentifier.get(identifierKey(locationId, field, value))),
        ...findGenerated(locationId, field, value),
      ].sort((a, b) => a.dateAdded.localeCompare(b.dateAdded))[0],
    put(contact) {
      forget(contact.id);
      gone.delete(contact.id);
      cover(contact.id);
      byId.set(contact.id, contact);
      addTo(byLocation, contact.locationId, contact.id);
      for (const key of keysOf(contact)) addTo(byIdentifier, key, contact.id);
    },
    remove(contactId) {
      forget(contactId);
      if (cover(contactId)) gone.add(contactId);
    },
    list: () => [...byId.values()],
    listGone: () => [...gone],
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

import { isDeepStrictEqual } from 'node:util';
import { plainRefusal } from '../http/reply.ts';
import type { Simulation } from '../simulation.ts';
import type { Contact, Location } from '../world/records.ts';
import { findMatch } from './contact-dedupe.ts';
import type { Match } from './contact-dedupe.ts';
import { applyInput } from './contact-fields.ts';
import type { ContactInput } from './contact-input.ts';
import { contactEventFields, nameOf } from './contact-view.ts';

/** Returns the contact. Raises the 400 that GHL answers where others answer 404. */
export function getContact(sim: Simulation, contactId: string): Contact {
  const contact = sim.world.contacts.find(contactId);
  if (!contact) throw plainRefusal(400, `Contact with id ${contactId} not found`);
  return contact;
}

/** Makes a contact and announces it. Raises 400 where the location does not allow the duplicate. */
export function createContact(sim: Simulation, location: Location, input: ContactInput): Contact {
  const now = sim.clock.now().toISOString();
  const blank: Contact = {
    id: sim.random.id(),
    locationId: location.id,
    type: 'lead',
    country: location.country,
    dnd: false,
    dndSettings: {},
    tags: [],
    customFields: [],
    dateAdded: now,
    dateUpdated: now,
  };
  const contact = applyInput(sim, blank, input);
  refuseDuplicate(location, findMatch(sim.world, location, contact));
  store(sim, contact);
  announce(sim, 'ContactCreate', contact);
  return contact;
}

/** Writes fields over a contact and announces what changed. Raises 400 where it would become a duplicate. */
export function updateContact(sim: Simulation, contact: Contact, input: ContactInput): Contact {
  const location = sim.world.locations.get(contact.locationId);
  const written = applyInput(sim, contact, input);
  const changed = (['email', 'phone'] as const).filter((field) => written[field] !== contact[field]);
  const identifiers = Object.fromEntries(changed.map((field) => [field, written[field]]));
  if (location) refuseDuplicate(location, findMatch(sim.world, location, identifiers, contact.id));
  return replaceContact(sim, contact, written);
}

/** Stores the new state of a contact and announces what differs; tags and DND have events of their own. */
export function replaceContact(sim: Simulation, before: Contact, written: Contact): Contact {
  if (isDeepStrictEqual(before, written)) return before;
  const after = { ...written, dateUpdated: sim.clock.now().toISOString() };
  store(sim, after);
  const rest = { ...written, tags: before.tags, dnd: before.dnd, dndSettings: before.dndSettings };
  if (!isDeepStrictEqual(before, rest)) announce(sim, 'ContactUpdate', after);
  announceTagsAndDnd(sim, before, after);
  return after;
}

/** Removes a contact with all that hangs on it, and announces only the contact's end. */
export function deleteContact(sim: Simulation, contact: Contact): void {
  const { world } = sim;
  const now = sim.clock.now();
  for (const [kind, records] of [
    ['note', world.notes],
    ['task', world.tasks],
    ['opportunity', world.opportunities],
  ] as const) {
    const ids = [...records.values()].flatMap(({ id, contactId }) => (contactId === contact.id ? [id] : []));
    for (const id of ids) records.delete(id);
    sim.changes.noteRemoved(kind, ids, now);
  }
  for (const [kind, records] of [
    ['conversation', world.conversations],
    ['message', world.messages],
    ['appointment', world.appointments],
    [null, world.enrolments],
  ] as const) {
    const ids = records.listBy('contactId', contact.id).map(({ id }) => id);
    for (const id of ids) {
      records.delete(id);
      sim.agenda.cancel(id);
    }
    if (kind !== null) sim.changes.noteRemoved(kind, ids, now);
  }
  world.contacts.remove(contact.id);
  sim.changes.noteRemoved('contact', [contact.id], now);
  sim.index.write(contact.locationId, contact.id, null);
  announce(sim, 'ContactDelete', contact);
}

/** Ends a contact and writes what its survivor is from then on; announces both, whether the survivor has changed or not. */
export function absorbContact(sim: Simulation, survivor: Contact, written: Contact, loser: Contact): Contact {
  sim.world.contacts.remove(loser.id);
  sim.changes.noteRemoved('contact', [loser.id], sim.clock.now());
  sim.index.write(loser.locationId, loser.id, null);
  announce(sim, 'ContactDelete', loser);
  const after = { ...written, dateUpdated: sim.clock.now().toISOString() };
  store(sim, after);
  announce(sim, 'ContactUpdate', after);
  announceTagsAndDnd(sim, survivor, after);
  return after;
}

function announceTagsAndDnd(sim: Simulation, before: Contact, after: Contact): void {
  const dndChanged = before.dnd !== after.dnd || !isDeepStrictEqual(before.dndSettings, after.dndSettings);
  if (!isDeepStrictEqual(before.tags, after.tags)) announce(sim, 'ContactTagUpdate', after);
  if (dndChanged) announce(sim, 'ContactDndUpdate', after, { dndSettings: after.dndSettings });
}

function store(sim: Simulation, contact: Contact): void {
  sim.world.contacts.put(contact);
  sim.index.write(contact.locationId, contact.id, contact);
}

function announce(sim: Simulation, type: string, contact: Contact, extra: Record<string, unknown> = {}): void {
  const companyId = sim.world.locations.get(contact.locationId)?.companyId ?? '';
  const fields = { ...contactEventFields(contact), ...extra };
  sim.emitter.emit({ type, companyId, locationId: contact.locationId, fields });
}

function refuseDuplicate(location: Location, match: Match | undefined): void {
  if (!match || location.settings.allowDuplicateContact) return;
  throw plainRefusal(400, 'This location does not allow duplicated contacts.', {
    meta: { contactId: match.contact.id, contactName: nameOf(match.contact), matchingField: match.matchingField },
  });
}

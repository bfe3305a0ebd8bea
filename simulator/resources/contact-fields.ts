import type { Simulation } from '../simulation.ts';
import type { Contact } from '../world/records.ts';
import { findCustomField } from './accounts/custom-field-writes.ts';
import type { ContactInput } from './contact-input.ts';

const plainFields = [
  'email',
  'gender',
  'companyName',
  'address1',
  'city',
  'state',
  'postalCode',
  'country',
  'website',
  'timezone',
  'source',
  'dateOfBirth',
  'assignedTo',
] as const;

/** Returns the contact with the given fields written over it; what the input does not name stays. */
export function applyInput(sim: Simulation, contact: Contact, input: ContactInput): Contact {
  const next: Contact = { ...contact };
  for (const field of plainFields) if (input[field] !== undefined) next[field] = input[field];
  if (input.phone !== undefined) next.phone = input.phone === null ? null : normalisePhone(input.phone);
  Object.assign(next, namesOf(input));
  if (input.dnd != null) next.dnd = input.dnd;
  if (input.dndSettings) next.dndSettings = mergeDnd(sim, contact.dndSettings, input.dndSettings);
  if (input.inboundDndSettings !== undefined) next.inboundDndSettings = input.inboundDndSettings;
  // The trap integrators fall into: a tag list given here replaces all tags.
  if (input.tags) next.tags = normaliseTags(input.tags);
  if (input.customFields) {
    const named = input.customFields.map(({ id, value }) => keepCustomField(sim, contact.locationId, id, value));
    const given = new Map(named.map((field) => [field.id, field]));
    const kept = contact.customFields.filter((field) => !given.has(field.id));
    next.customFields = [...kept, ...given.values()];
  }
  return next;
}

/** A field may be named by its key, with or without the model before it. */
function keepCustomField(sim: Simulation, locationId: string, name: string, value: unknown) {
  const field = findCustomField(sim, locationId, name) ?? findCustomField(sim, locationId, `contact.${name}`);
  const isDay = field?.dataType === 'DATE' && typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value);
  const inMs = isDay && sim.behaviour.dateFields === 'milliseconds';
  return { id: field?.id ?? name, value: inMs ? Date.parse(value) : value };
}

/** A permanent block stays: only the person's own START lifts it. */
function mergeDnd(
  sim: Simulation,
  before: Contact['dndSettings'],
  given: Contact['dndSettings'],
): Contact['dndSettings'] {
  const kept = Object.entries(before).filter(([, setting]) => setting.status === 'permanent');
  const stays = sim.behaviour.dndWrites === 'merge' ? before : {};
  return { ...stays, ...given, ...Object.fromEntries(kept) };
}

/** GHL keeps tags in lower case and once each. */
export function normaliseTags(tags: string[]): string[] {
  return [...new Set(tags.map((tag) => tag.trim().toLowerCase()).filter((tag) => tag !== ''))];
}

/** Brings a phone number to E.164, taking bare national numbers for North American ones. */
export function normalisePhone(phone: string): string {
  const digits = phone.replace(/\D/g, '');
  if (phone.trim().startsWith('+')) return `+${digits}`;
  return digits.length === 10 ? `+1${digits}` : `+${digits}`;
}

function namesOf(input: ContactInput): Pick<Contact, 'firstName' | 'lastName'> {
  const names: Pick<Contact, 'firstName' | 'lastName'> = {};
  if (input.name != null) {
    const [first, ...rest] = input.name.trim().split(/\s+/);
    names.firstName = first ?? '';
    names.lastName = rest.join(' ');
  }
  if (input.firstName !== undefined) names.firstName = input.firstName;
  if (input.lastName !== undefined) names.lastName = input.lastName;
  return names;
}

import type { Transaction } from 'kysely';
import { type Contact, findContactByGhlId } from '../../db/contacts.ts';
import { findLocation } from '../../db/locations.ts';
import type { Database } from '../../db/schema.ts';
import { listLeadsOfContact, type StoryEvent } from '../../db/story.ts';
import type { PlannedAccount } from '../../domain/event-plan.ts';
import type { LeadlessContact } from '../../domain/no-lead.ts';

/** A contact that made no lead, and the account that it is in: what decides why. */
export interface Leadless {
  account: PlannedAccount;
  contact: LeadlessContact;
}

/** What intake or triggers make leads of. */
const TELL_OF_CONTACTS = ['ContactCreate', 'ContactUpdate', 'ContactTagUpdate'];

/** Of an event that tells of a contact and made no lead. Null where nobody would expect one of it. */
export async function findLeadlessEvent(tx: Transaction<Database>, event: StoryEvent): Promise<Leadless | null> {
  const { location_id: locationId, ghl_contact_id: ghlContactId, type, status, received_at: heardAt } = event;
  if (locationId === null || ghlContactId === null || status !== 'accepted' || !TELL_OF_CONTACTS.includes(type)) {
    return null;
  }
  const [known] = await listLeadsOfContact(tx, ghlContactId);
  // What became of such a contact is not this event's doing.
  if (known && type !== 'ContactCreate') return null;
  const lead = known ? { id: known.id, isPlacedHere: known.source_contact_id !== ghlContactId } : null;
  const contact = (await findContactByGhlId(tx, locationId, ghlContactId)) ?? null;
  return judged(tx, { locationId, contact, lead, told: { type, heardAt } });
}

async function judged(
  tx: Transaction<Database>,
  of: {
    locationId: string;
    contact: Contact | null;
    lead: LeadlessContact['lead'];
    told: Pick<LeadlessContact, 'type' | 'heardAt'>;
  },
): Promise<Leadless | null> {
  const { locationId, contact, lead, told } = of;
  const location = await findLocation(tx, locationId);
  if (!location) return null;
  const source = contact?.fields['source'];
  return {
    account: { isIntake: location.is_intake, liveAt: location.live_at },
    contact: {
      ...told,
      locationId,
      contactCreatedAt: contact?.ghl_created_at ?? null,
      source: typeof source === 'string' ? source : null,
      isMadeHere: (contact?.creation_tried_at ?? null) !== null,
      lead,
    },
  };
}

/** Of a contact of the mirror that has no lead. */
export function findLeadlessContact(tx: Transaction<Database>, contact: Contact): Promise<Leadless | null> {
  const told = { type: 'ContactCreate', heardAt: contact.found_at };
  return judged(tx, { locationId: contact.location_id, contact, lead: null, told });
}

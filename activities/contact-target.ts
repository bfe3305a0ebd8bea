import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Transaction } from 'kysely';
import { listConflictPolicies } from '../db/conflict-policies.ts';
import { type ContactEdit, listUnsettledEdits } from '../db/contact-edits.ts';
import { type Contact, lockContact } from '../db/contacts.ts';
import { listFieldMappings } from '../db/field-mappings.ts';
import { findGhlAddress, type GhlAddress } from '../db/locations.ts';
import type { Database } from '../db/schema.ts';
import type { StoredPolicy } from '../domain/contact-conflict.ts';
import { mappedTypeOf } from '../domain/field-mapping.ts';
import type { LocationCall } from '../ghl/calls.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface EditedContactArgs {
  agencyId: string;
  locationId: string;
  /** By what its workflow is named: the contact's id in GHL, or one of its own until it is there. */
  contactKey: string;
  contactId: string;
}

/** A contact with what is to be written of it, and how its location wants conflicts decided. */
export interface EditTarget {
  contact: Contact;
  address: GhlAddress;
  pending: ContactEdit[];
  policies: StoredPolicy[];
}

/**
 * The contact that a signal names, held: whoever reaches Temporal can name any, so it has to be of the location.
 * @throws ApplicationFailure ContactUnknown, final
 */
export async function lockEditedContact(
  tx: Transaction<Database>,
  { locationId, contactId }: Pick<EditedContactArgs, 'locationId' | 'contactId'>,
): Promise<Contact> {
  const contact = UUID.test(contactId) ? await lockContact(tx, contactId) : undefined;
  if (contact?.location_id !== locationId) throw ApplicationFailure.nonRetryable('no such contact', 'ContactUnknown');
  return contact;
}

/** @throws ApplicationFailure ContactUnknown, LocationNotConnected: both final */
export async function loadTarget(tx: Transaction<Database>, args: EditedContactArgs): Promise<EditTarget> {
  const contact = await lockEditedContact(tx, args);
  const address = await findGhlAddress(tx, contact.location_id);
  if (!address) throw ApplicationFailure.nonRetryable('the location is not connected to GHL', 'LocationNotConnected');
  const unsettled = await listUnsettledEdits(tx, [contact.id]);
  const mappings = await listFieldMappings(tx, contact.location_id);
  const pending = unsettled
    .filter((edit) => edit.state === 'pending')
    .map((edit) => ({ ...edit, type: mappedTypeOf(mappings, edit.field) }));
  return { contact, address, pending, policies: await listConflictPolicies(tx, contact.location_id) };
}

/** Somebody waits for what they changed to be in GHL; a lead waits more. */
export const editCall = (address: GhlAddress): LocationCall => ({
  resource: { kind: 'location', ...address },
  lane: 'sync',
  signal: Context.current().cancellationSignal,
});

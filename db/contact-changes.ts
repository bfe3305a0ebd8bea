import type { Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { FieldName } from '../domain/contact-fields.ts';
import type { FieldValue } from '../domain/mirror.ts';
import { audit } from './audit-log.ts';
import { addEdits, type EditAct, reviveEdits, settleLetters } from './contact-edits.ts';
import { contactEditedWork } from './contact-work.ts';
import { type Contact, createLocalContact } from './contacts.ts';
import { addWork } from './event-capabilities.ts';
import type { Database } from './schema.ts';

type Changes = readonly { field: FieldName; value: FieldValue }[];

/** Saves changes of a contact, which the caller holds, and what brings them to GHL; audited. @returns the fields that change */
export async function changeContact(
  tx: Transaction<Database>,
  contact: Contact,
  changes: Changes,
  act: EditAct,
): Promise<FieldName[]> {
  return save(tx, contact, changes, act, 'contact.change');
}

/** Saves a contact that GHL is to get, and what brings it there; audited. */
export async function makeContact(
  tx: Transaction<Database>,
  of: { agencyId: string; locationId: string },
  changes: Changes,
  act: EditAct,
): Promise<Contact> {
  const contact = await createLocalContact(tx, { ...of, now: act.now });
  await save(tx, contact, changes, act, 'contact.create');
  return contact;
}

async function save(
  tx: Transaction<Database>,
  contact: Contact,
  changes: Changes,
  act: EditAct,
  action: 'contact.change' | 'contact.create',
): Promise<FieldName[]> {
  const { fields, newestId } = await addEdits(tx, contact, changes, act);
  if (newestId === undefined) return fields;
  await addWork(tx, [contactEditedWork(contact, newestId, act.now)]);
  // Which fields and never their values: those are in the edits, from where a person can be erased.
  const named = [...new Set(fields.map((field) => (field.startsWith('tag:') ? 'tags' : field)))];
  await audit(tx, {
    agencyId: contact.agency_id,
    actor: act.actor,
    origin: act.origin,
    action,
    subject: `contact:${contact.id}`,
    after: { fields: named },
  });
  return fields;
}

/** Lets what GHL did not take of a contact, which the caller holds, be tried again. @returns how many edits */
export async function redriveContact(tx: Transaction<Database>, contact: Contact, now: Date): Promise<number> {
  const revived = await reviveEdits(tx, contact.id);
  await settleLetters(tx, contact.id, 'redriven', now);
  await addWork(tx, [contactEditedWork(contact, uuidv7(), now)]);
  return revived;
}

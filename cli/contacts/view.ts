import type { Transaction } from 'kysely';
import { listUnsettledEdits } from '../../db/contact-edits.ts';
import { isBeingMerged } from '../../db/contact-merges.ts';
import { type Contact, findContact, type LineageEntry, lockContact } from '../../db/contacts.ts';
import { listFieldMappings } from '../../db/field-mappings.ts';
import type { Database } from '../../db/schema.ts';
import { settingsOf } from '../../domain/contact-blocks.ts';
import { nameField, viewFields } from '../../domain/contact-view.ts';
import { CommandError } from '../failure.ts';
import { type Answer, formatFields, formatTable } from '../output.ts';

const unknown = (id: string): CommandError => new CommandError('unknown-contact', `The agency has no contact ${id}.`);

/** A contact of the agency, or what it has become. @throws CommandError when there is none such */
export async function getNamedContact(tx: Transaction<Database>, id: string): Promise<Contact> {
  const contact = await findContact(tx, id);
  if (!contact) throw unknown(id);
  return contact;
}

/** The same, held, when it may be changed now. @throws CommandError */
export async function lockNamedContact(tx: Transaction<Database>, id: string): Promise<Contact> {
  const contact = await lockRedrivableContact(tx, id);
  if (contact.deleted_at !== null) throw new CommandError('contact-deleted', 'The contact is deleted.');
  return contact;
}

/** The same when its changes may be tried again: one that is deleted as well, for GHL may have it again. @throws CommandError */
export async function lockRedrivableContact(tx: Transaction<Database>, id: string): Promise<Contact> {
  const contact = await lockContact(tx, id);
  if (!contact) throw unknown(id);
  if (await isBeingMerged(tx, contact.id)) {
    throw new CommandError('contact-being-merged', 'The contact is being merged: try again when that is done.');
  }
  return contact;
}

/** A contact as it is to be, who set each field, and what of our changes is not settled. */
export async function describeContact(tx: Transaction<Database>, contact: Contact): Promise<Answer> {
  const edits = await listUnsettledEdits(tx, [contact.id]);
  const mappings = await listFieldMappings(tx, contact.location_id);
  const of = { fields: contact.fields, isInGhl: contact.ghl_id !== null };
  const { contact: plain, tags, fields, customFields, ...sync } = viewFields(of, edits, mappings);
  const lineage = contact.lineage as Record<string, LineageEntry>;
  const head = {
    id: contact.id,
    locationId: contact.location_id,
    ghlContactId: contact.ghl_id,
    deletedAt: contact.deleted_at,
    ...sync,
  };
  const { dndSettings: _byChannel, ...whole } = plain;
  const values = [
    ...Object.entries(whole),
    ...Object.entries(settingsOf(plain)).map(([channel, value]) => [`dndSettings.${channel}`, value] as const),
    ['tags', tags] as const,
    ...Object.entries(fields).map(([name, value]) => [`fields.${name}`, value] as const),
    ...Object.entries(customFields).map(([id, value]) => [`customFields.${id}`, value] as const),
  ];
  const setters = new Map(Object.entries(lineage).map(([field, entry]) => [nameField(field, mappings), entry]));
  for (const { field, state, actor, origin, madeAt } of edits) {
    if (state === 'pending') setters.set(nameField(field, mappings), { origin, actor, at: madeAt.toISOString() });
  }
  const rows = values.map(([name, value]) => {
    const by = setters.get(name);
    return [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
      by?.actor ?? 'ghl',
      by?.origin ?? 'ghl',
      by?.at,
    ];
  });
  const open = edits.map((edit) => [
    edit.id,
    nameField(edit.field, mappings),
    edit.state,
    edit.reason ?? edit.lastError,
    edit.madeAt,
    edit.actor,
  ]);
  const sections = [
    formatFields(head),
    formatTable(['field', 'value', 'set by', 'from', 'at'], rows, 'Nothing is known of it.'),
    `Our changes\n${formatTable(['id', 'field', 'state', 'why', 'made', 'by'], open, 'all settled')}`,
  ];
  const data = { ...plain, tags, fields, customFields, ...head, lineage: Object.fromEntries(setters), edits };
  return { data, text: sections.join('\n\n') };
}

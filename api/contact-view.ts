import type { ContactEdit } from '../db/contact-edits.ts';
import type { Contact } from '../db/contacts.ts';
import { nameField, viewFields } from '../domain/contact-view.ts';
import type { FieldMapping } from '../domain/field-mapping.ts';

/** A contact as lists show it. */
export function viewContact(contact: Contact, edits: readonly ContactEdit[], mappings: readonly FieldMapping[]) {
  const { contact: fields, ...rest } = viewFields(
    { fields: contact.fields, isInGhl: contact.ghl_id !== null },
    edits,
    mappings,
  );
  return {
    ...fields,
    id: contact.id,
    locationId: contact.location_id,
    ghlContactId: contact.ghl_id,
    createdAt: contact.ghl_created_at,
    updatedAt: contact.ghl_updated_at,
    deletedAt: contact.deleted_at,
    ...rest,
  };
}

/** The same with who set each field, from where and when, and what of our changes is not settled. */
export function viewWholeContact(contact: Contact, edits: readonly ContactEdit[], mappings: readonly FieldMapping[]) {
  const lineage = Object.fromEntries(
    Object.entries(contact.lineage).map(([field, entry]) => [nameField(field, mappings), entry]),
  );
  for (const { field, state, actor, origin, madeAt } of edits) {
    if (state === 'pending') lineage[nameField(field, mappings)] = { origin, actor, at: madeAt.toISOString() };
  }
  const unsettled = edits.map(({ id, field, state, reason, lastError, madeAt, actor, origin }) => ({
    id,
    field: nameField(field, mappings),
    state,
    reason,
    lastError,
    madeAt,
    actor,
    origin,
  }));
  return { ...viewContact(contact, edits, mappings), lineage, edits: unsettled };
}

import { type ContactSync, judgeSync, overlay, type ShownEdit } from './contact-edit.ts';
import { type FieldMapping, fromGhlValue } from './field-mapping.ts';
import type { Fields, FieldValue } from './mirror.ts';

export interface ContactView extends ContactSync {
  /** What GHL shows, with what is on its way to it. */
  contact: Fields;
  tags: FieldValue;
  /** Mapped custom fields by our names, typed. */
  fields: Fields;
  /** The others, by their ids in GHL. */
  customFields: Fields;
}

/** A contact as it is shown: by our names, and with how far our changes have come. */
export function viewFields(
  of: { fields: Fields; isInGhl: boolean },
  edits: readonly ShownEdit[],
  mappings: readonly FieldMapping[],
): ContactView {
  const { tags = [], customFields = {}, ...contact } = overlay(of.fields, edits, of.isInGhl);
  const custom: Fields =
    typeof customFields === 'object' && customFields !== null && !Array.isArray(customFields)
      ? { ...customFields }
      : {};
  const fields: Fields = {};
  for (const mapping of mappings) {
    const { [mapping.ghlFieldId]: raw } = custom;
    fields[mapping.name] = raw === undefined || raw === null ? null : fromGhlValue(mapping, raw);
    delete custom[mapping.ghlFieldId];
  }
  return { contact, tags, fields, customFields: custom, ...judgeSync(edits) };
}

/** A stored field by the name under which a contact shows it. */
export function nameField(field: string, mappings: readonly FieldMapping[]): string {
  if (field.startsWith('dnd:')) return `dndSettings.${field.slice('dnd:'.length)}`;
  if (!field.startsWith('custom:')) return field;
  const id = field.slice('custom:'.length);
  const mapping = mappings.find((each) => each.ghlFieldId === id);
  return mapping ? `fields.${mapping.name}` : `customFields.${id}`;
}

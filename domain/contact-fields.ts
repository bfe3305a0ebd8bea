import { type BlockChannel, blockStrength, settingsOf } from './contact-blocks.ts';
import { fromGhlValue, type MappedType } from './field-mapping.ts';
import { type Fields, type FieldValue, isDeepEqual } from './mirror.ts';

/**
 * What of a contact can be changed in GHL; `companyName` only where it is made, for GHL refuses it in a change, and `source`
 * only where it is not our own mark. `dnd` can be set and never lifted: GHL does not tell whether the person asked for it.
 */
export const EDITABLE_FIELDS = [
  'firstName',
  'lastName',
  'email',
  'phone',
  'companyName',
  'address1',
  'city',
  'state',
  'postalCode',
  'country',
  'website',
  'timezone',
  'dateOfBirth',
  'assignedTo',
  'source',
  'dnd',
] as const;
export type EditableField = (typeof EDITABLE_FIELDS)[number];

/**
 * One thing of a contact that can be set by itself: a field, a custom field by its id in GHL, whether it has a tag, or
 * whether contacting is off on a channel, which like `dnd` can be set and never lifted.
 */
export type FieldName = EditableField | `custom:${string}` | `tag:${string}` | `dnd:${BlockChannel}`;

export type FieldKind =
  | { kind: 'plain'; name: EditableField }
  | { kind: 'custom'; id: string }
  | { kind: 'tag'; tag: string }
  | { kind: 'block'; channel: BlockChannel };

/** What a stored field name stands for. */
export function readFieldName(field: FieldName): FieldKind {
  if (field.startsWith('custom:')) return { kind: 'custom', id: field.slice('custom:'.length) };
  if (field.startsWith('tag:')) return { kind: 'tag', tag: field.slice('tag:'.length) };
  if (field.startsWith('dnd:')) return { kind: 'block', channel: field.slice('dnd:'.length) as BlockChannel };
  return { kind: 'plain', name: field as EditableField };
}

/** Whether a field says that a person may not be contacted, on all channels or on one. */
export const isOptOut = (field: FieldName): boolean => field === 'dnd' || field.startsWith('dnd:');

/** GHL keeps tags in lower case. */
export const normaliseTag = (tag: string): string => tag.trim().toLowerCase();

/** The tags of a contact, as the mirror keeps them. */
export const tagsOf = (fields: Fields): string[] =>
  Array.isArray(fields['tags']) ? fields['tags'].filter((tag) => typeof tag === 'string') : [];
/** The custom fields of a contact by their ids, as the mirror keeps them. */
export const customOf = (fields: Fields): Fields => {
  const custom = fields['customFields'];
  return typeof custom === 'object' && custom !== null && !Array.isArray(custom) ? custom : {};
};

/** What a contact's fields, as the mirror keeps them, say of one of them; null where it is empty. */
export function valueOf(fields: Fields, field: FieldName): FieldValue {
  const of = readFieldName(field);
  if (of.kind === 'tag') return tagsOf(fields).includes(of.tag);
  if (of.kind === 'block') return blockStrength(fields, of.channel) > 0;
  return (of.kind === 'custom' ? customOf(fields)[of.id] : fields[of.name]) ?? null;
}

/** The fields with one of them set; null empties it. */
export function withValue(fields: Fields, field: FieldName, value: FieldValue): Fields {
  const of = readFieldName(field);
  if (of.kind === 'plain') return put(fields, of.name, value);
  if (of.kind === 'block') {
    if (value !== true || blockStrength(fields, of.channel) > 0) return fields;
    return { ...fields, dndSettings: { ...settingsOf(fields), [of.channel]: { status: 'active' } } };
  }
  if (of.kind === 'custom') return { ...fields, customFields: put(customOf(fields), of.id, value) };
  const others = tagsOf(fields).filter((tag) => tag !== of.tag);
  return { ...fields, tags: value === true ? [...others, of.tag].sort() : others };
}

function put(fields: Fields, name: string, value: FieldValue): Fields {
  const { [name]: _before, ...others } = fields;
  return value === null ? others : { ...others, [name]: value };
}

/**
 * Whether two values of a field mean the same to GHL, which trims, spells numbers as text and phones in E.164, and shows
 * days and choices in more than one shape.
 * @param type what the location's mapping takes a custom field for; of one that is not mapped the plain values count
 */
export function isSameValue(field: FieldName, a: FieldValue, b: FieldValue, type?: MappedType): boolean {
  const of = type ?? (field === 'dateOfBirth' ? 'date' : undefined);
  const [left, right] = [a, b].map((each) => {
    const value = canonicalOf(field, of === undefined ? each : fromGhlValue({ type: of }, each));
    // Choices are a set.
    return of === 'options' && Array.isArray(value) ? [...new Set(value.map(String))].sort() : value;
  });
  return isDeepEqual(left, right);
}

function canonicalOf(field: FieldName, value: FieldValue): FieldValue {
  if (field.startsWith('tag:') || isOptOut(field)) return value === true;
  if (Array.isArray(value)) {
    const parts = value.map((each) => canonicalOf(field, each)).filter((each) => each !== null);
    return parts.length === 0 ? null : parts;
  }
  if (value === null || typeof value === 'object') return value;
  const text = String(value).trim();
  if (text === '') return null;
  if (field === 'email') return text.toLowerCase();
  return field === 'phone' ? text.replace(/[^\d+]/g, '') : text;
}

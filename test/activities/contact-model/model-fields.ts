import fc from 'fast-check';
import type { FieldName } from '../../../domain/contact-fields.ts';

/** What the property changes: a plain field, one whose case lists do not show, a custom field, two tags. */
const CHANGED = ['city', 'firstName', 'custom:cf-size', 'tag:vip', 'tag:old'] as const;
/** By its e-mail a contact that is made here is found in GHL. */
export const FIELDS = ['email', ...CHANGED] as const;
export type Field = (typeof FIELDS)[number];
/** A tag is there or not; what is empty is null. */
export type Value = string | boolean | null;
export type Values = Record<Field, Value>;
export interface Change {
  field: Field;
  value: Value;
}

const VALUES: Record<(typeof CHANGED)[number], readonly Value[]> = {
  city: ['Acton', 'Barre', 'Colrain', null],
  firstName: ['Quorlinde', 'QUORLINDE', 'Xyvanne'],
  'custom:cf-size': ['small', 'large', null],
  'tag:vip': [true, false],
  'tag:old': [true, false],
};

export const anyChange: fc.Arbitrary<Change> = fc
  .constantFrom('city' as const, 'city' as const, ...CHANGED)
  .chain((field) => fc.constantFrom(...VALUES[field]).map((value) => ({ field, value })));
/** What else the field of a change can be. */
export const othersOf = ({ field, value }: Change): Value[] =>
  VALUES[field as (typeof CHANGED)[number]].filter((each) => each !== value);
export const isTag = (field: string): boolean => field.startsWith('tag:');
/** What a field is where nothing is known of it. */
export const emptyOf = (field: Field): Value => (isTag(field) ? false : null);

/** What each field is by a way of reading one. */
export const valuesBy = (read: (field: Field) => Value): Values =>
  Object.fromEntries(FIELDS.map((field) => [field, read(field)])) as Values;

/** What the mirror's fields say. */
export function valuesOfMirror(fields: Record<string, unknown>): Values {
  const custom = (fields['customFields'] ?? {}) as Record<string, string>;
  const tags = (fields['tags'] ?? []) as string[];
  return valuesBy((field) => readOne(field, fields, (id) => custom[id], tags));
}

/** What the simulator shows of a contact. */
export function valuesOfGhl(shown: { tags: string[]; customFields: { id: string; value?: unknown }[] }): Values {
  const customOf = (id: string) => shown.customFields.find((each) => each.id === id)?.value;
  return valuesBy((field) => readOne(field, shown, customOf, shown.tags));
}

function readOne(
  field: Field,
  plain: Record<string, unknown>,
  customOf: (id: string) => unknown,
  tags: readonly string[],
): Value {
  if (isTag(field)) return tags.includes(field.slice('tag:'.length));
  const value = field.startsWith('custom:') ? customOf(field.slice('custom:'.length)) : plain[field];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** How a person in GHL types it. */
export function typedInGhl({ field, value }: Change, tags: readonly string[]): Record<string, unknown> {
  if (isTag(field)) {
    const tag = field.slice('tag:'.length);
    const others = tags.filter((each) => each !== tag);
    return { tags: value === true ? [...others, tag] : others };
  }
  if (field.startsWith('custom:')) return { customFields: [{ id: field.slice('custom:'.length), value }] };
  return { [field]: value };
}

export const asChanges = (changes: readonly Change[]): { field: FieldName; value: Value }[] => [...changes];

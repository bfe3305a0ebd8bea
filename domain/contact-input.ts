import type { CountryCode } from 'libphonenumber-js/max';
import { z } from 'zod';
import { BLOCK_CHANNELS, type BlockChannel } from './contact-blocks.ts';
import { type EditableField, type FieldName, normaliseTag } from './contact-fields.ts';
import { normaliseEmail } from './email.ts';
import { type FieldMapping, toGhlValue } from './field-mapping.ts';
import type { FieldValue } from './mirror.ts';
import { isOwnSource } from './own-writes.ts';
import { normalisePhone } from './phone.ts';

const text = (max: number) => z.string().trim().max(max).nullable().optional();
const tag = z.string().trim().min(1).max(100);
const tags = z.array(tag).max(100);

const plain = {
  firstName: text(200),
  lastName: text(200),
  email: text(254),
  phone: text(40),
  address1: text(500),
  city: text(200),
  state: text(200),
  postalCode: text(20),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'wanted are the two capitals of ISO 3166')
    .nullable()
    .optional(),
  website: text(500),
  timezone: text(100),
  dateOfBirth: z.iso.date().nullable().optional(),
  assignedTo: z
    .string()
    .regex(/^[\w-]{1,100}$/, 'wanted is a user’s id in GHL')
    .nullable()
    .optional(),
};
const changedOnly = {
  /** The mark by which our own contacts are known is nobody else's to give. */
  source: text(200).refine((source) => !isOwnSource(source), 'is the mark of contacts that are made here'),
};
/** Sets a block of all contacting. Lifting one is the person's own, by GHL's own ways. */
const dnd = z.literal(true, 'a block of contacting can be set, and never lifted here').optional();
/** The same on single channels, in GHL's words: `active` means that contacting is off. One that is off already stays as it is. */
const dndSettings = z
  .partialRecord(
    z.enum(BLOCK_CHANNELS),
    z.strictObject({ status: z.literal('active', 'a block of contacting can be set, and never lifted here') }),
  )
  .optional();
/** By our names; what they may hold is said by the location's mapping. */
const fields = z.record(z.string(), z.unknown()).optional();

/** A contact as it is made. */
export const newContactSchema = z.strictObject({
  ...plain,
  companyName: text(200),
  dnd,
  dndSettings,
  tags: tags.optional(),
  fields,
});

/** A change of a contact: what is not named stays, null empties. Tags are added and removed one by one. */
export const contactChangeSchema = z.strictObject({
  ...plain,
  ...changedOnly,
  dnd,
  dndSettings,
  addTags: tags.optional(),
  removeTags: tags.optional(),
  fields,
});

type ContactInput = z.output<typeof newContactSchema> & z.output<typeof contactChangeSchema>;

export interface ContactIssue {
  path: string;
  message: string;
}

/**
 * What an input asks for, field by field, in the spelling in which people and GHL are compared.
 * @param of.country assumed of a phone without a country code; of.mappings those of the location
 * @returns what does not fit, in words that repeat no value; then nothing of the input may be taken
 */
export function readContactInput(
  input: Partial<ContactInput>,
  of: { country: CountryCode; mappings: readonly FieldMapping[] },
): { changes: { field: FieldName; value: FieldValue }[]; issues: ContactIssue[] } {
  const { tags: given = [], addTags = [], removeTags = [], fields: mapped = {}, ...unmapped } = input;
  const { dndSettings: blocked = {}, ...fieldsByName } = unmapped;
  const changes = new Map<FieldName, FieldValue>();
  const issues: ContactIssue[] = [];
  for (const [name, value] of Object.entries(fieldsByName) as [EditableField, string | true | null | undefined][]) {
    if (value === undefined) continue;
    const read = readPlain(name, value === '' ? null : value, of.country);
    if (read === undefined) issues.push({ path: name, message: 'is not valid' });
    else changes.set(name, read);
  }
  for (const [name, value] of Object.entries(mapped)) {
    const mapping = of.mappings.find((each) => each.name === name);
    const read = mapping ? toGhlValue(mapping, value) : { fits: false as const, message: 'is not mapped' };
    if (!read.fits) issues.push({ path: `fields.${name}`, message: read.message });
    else if (mapping) changes.set(`custom:${mapping.ghlFieldId}`, read.value);
  }
  for (const channel of Object.keys(blocked) as BlockChannel[]) changes.set(`dnd:${channel}`, true);
  for (const each of [...given, ...addTags]) changes.set(`tag:${normaliseTag(each)}`, true);
  for (const each of removeTags) {
    const field: FieldName = `tag:${normaliseTag(each)}`;
    if (changes.get(field) === true) issues.push({ path: 'removeTags', message: 'names a tag that is to be added' });
    changes.set(field, false);
  }
  return { changes: [...changes].map(([field, value]) => ({ field, value })), issues };
}

/** Undefined for what is not valid. */
function readPlain(
  name: EditableField,
  value: string | true | null,
  country: CountryCode,
): string | true | null | undefined {
  if (value === null || value === true || (name !== 'email' && name !== 'phone')) return value;
  const read = name === 'email' ? normaliseEmail(value).email : normalisePhone(value, country).phone;
  return read ?? undefined;
}

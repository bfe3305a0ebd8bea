import type { FieldValue } from './mirror.ts';

/** What our side takes a custom field for. */
export const MAPPED_TYPES = ['text', 'number', 'date', 'option', 'options', 'files'] as const;
export type MappedType = (typeof MAPPED_TYPES)[number];

/** A custom field as the location has it. */
export interface FieldDefinition {
  ghlFieldId: string;
  dataType: string;
  options: readonly string[];
}

/** A name of ours for a custom field, and how the field was when it was mapped. */
export interface FieldMapping extends FieldDefinition {
  name: string;
  type: MappedType;
}

/** What is asked: which field is to be known by our name, and what it is taken for. */
export interface MappingRequest {
  name: string;
  type: MappedType;
  /** Its id, key or name in GHL; by default what bears our name there. */
  field?: string;
  /** What our side chooses among; those of the field have to hold them. A new field gets these. */
  options: readonly string[];
  /** Make the field where there is none. */
  create: boolean;
}

/** The types of GHL that hold each of ours; the first is the one that is made on demand. */
const DATA_TYPES: Record<MappedType, readonly [string, ...string[]]> = {
  text: ['TEXT', 'LARGE_TEXT', 'PHONE', 'EMAIL', 'TIME'],
  // Spelled so by GHL.
  number: ['NUMERICAL', 'FLOAT', 'MONETORY'],
  date: ['DATE'],
  option: ['SINGLE_OPTIONS', 'RADIO'],
  options: ['MULTIPLE_OPTIONS', 'CHECKBOX'],
  files: ['FILE_UPLOAD'],
};

/** The type of GHL that a field gets that is made for one of ours; undefined where only a person can make it. */
export const dataTypeFor = (type: MappedType): string | undefined =>
  type === 'files' ? undefined : DATA_TYPES[type][0];

export type MappingRefusal = 'type-does-not-fit' | 'options-unknown';

/** Whether a location's field can be mapped as this type, with these options where it lets choose. */
export function judgeMapping(
  wanted: { type: MappedType; options: readonly string[] },
  definition: FieldDefinition,
): { fits: boolean; reason: MappingRefusal | 'ok' } {
  if (!DATA_TYPES[wanted.type].includes(definition.dataType)) return { fits: false, reason: 'type-does-not-fit' };
  const hasAll = wanted.options.every((option) => definition.options.includes(option));
  return hasAll ? { fits: true, reason: 'ok' } : { fits: false, reason: 'options-unknown' };
}

export type FieldDrift = 'gone' | 'type-changed' | 'options-changed';

/** How a location's field differs from what was mapped; null while it does not. The order of options means nothing. */
export function judgeDrift(mapping: FieldMapping, now: FieldDefinition | undefined): FieldDrift | null {
  if (!now) return 'gone';
  if (now.dataType !== mapping.dataType) return 'type-changed';
  const [before, after] = [new Set(mapping.options), new Set(now.options)];
  return before.size === after.size && [...before].every((option) => after.has(option)) ? null : 'options-changed';
}

export type Conversion = { fits: true; value: FieldValue } | { fits: false; message: string };

const fitting = (value: FieldValue): Conversion => ({ fits: true, value });
const refused = (message: string): Conversion => ({ fits: false, message });
const DATE = /^\d{4}-\d{2}-\d{2}$/;
/** GHL keeps no more of a text field. */
const MAX_TEXT = 5_000;

/**
 * What is written to GHL for a value by one of our names; null empties the field.
 * @returns why it does not fit, in words that do not repeat it
 */
export function toGhlValue({ type, options }: FieldMapping, value: unknown): Conversion {
  if (value === null) return type === 'files' ? refused('files are uploaded in GHL') : fitting(null);
  switch (type) {
    case 'text':
      if (typeof value !== 'string') return refused('must be a text');
      return value.length <= MAX_TEXT ? fitting(value) : refused(`must have at most ${MAX_TEXT} characters`);
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? fitting(value) : refused('must be a number');
    case 'date':
      return typeof value === 'string' && isDay(value) ? fitting(value) : refused('must be a day such as 2027-01-31');
    case 'option':
      return typeof value === 'string' && options.includes(value)
        ? fitting(value)
        : refused(`must be ${oneOf(options)}`);
    case 'options':
      return Array.isArray(value) && value.every((each) => typeof each === 'string' && options.includes(each))
        ? fitting([...new Set(value as string[])])
        : refused(`must be a list, each ${oneOf(options)}`);
    case 'files':
      return refused('files are uploaded in GHL');
  }
}

const oneOf = (options: readonly string[]): string =>
  `one of ${options.map((each) => JSON.stringify(each)).join(', ')}`;

/** What a location takes a field of its contacts for; undefined where it is no custom field, or not mapped. */
export const mappedTypeOf = (
  mappings: readonly Pick<FieldMapping, 'ghlFieldId' | 'type'>[],
  field: string,
): MappedType | undefined => mappings.find(({ ghlFieldId }) => field === `custom:${ghlFieldId}`)?.type;

/** What a value of GHL's is by our type; one that cannot be read as it is shown as GHL has it. */
export function fromGhlValue({ type }: Pick<FieldMapping, 'type'>, raw: FieldValue): FieldValue {
  switch (type) {
    case 'number': {
      const number = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw;
      return typeof number === 'number' && Number.isFinite(number) ? number : raw;
    }
    case 'date':
      return readDay(raw) ?? raw;
    case 'options':
      return typeof raw === 'string' ? [raw] : raw;
    case 'text':
      return typeof raw === 'number' || typeof raw === 'boolean' ? String(raw) : raw;
    case 'option':
      return Array.isArray(raw) && raw.length === 1 ? (raw[0] ?? null) : raw;
    case 'files':
      return raw;
  }
}

function isDay(text: string): boolean {
  if (!DATE.test(text)) return false;
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

/** GHL has been seen to tell a day as text, with a time, and in milliseconds. */
function readDay(raw: FieldValue): string | undefined {
  if (typeof raw === 'string' && isDay(raw.slice(0, 10))) return raw.slice(0, 10);
  const ms = typeof raw === 'string' && /^-?\d{6,14}$/.test(raw) ? Number(raw) : raw;
  if (typeof ms !== 'number' || !Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return undefined;
  return new Date(ms).toISOString().slice(0, 10);
}

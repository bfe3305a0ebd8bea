import { z } from 'zod';
import { refusal } from '../http/reply.ts';
import type { TimeBounds } from '../world/generated/series.ts';
import type { Contact } from '../world/records.ts';
import { nameOf } from './contact-view.ts';

const scalar = z.union([z.string().max(75), z.number(), z.boolean()]);
const rangeSchema = z.strictObject({
  gte: scalar.optional(),
  lte: scalar.optional(),
  gt: scalar.optional(),
  lt: scalar.optional(),
});

const conditionSchema = z.strictObject({
  field: z.string().min(1),
  operator: z.enum(['eq', 'not_eq', 'contains', 'not_contains', 'exists', 'not_exists', 'range']),
  value: z.union([scalar, z.array(scalar), rangeSchema]).optional(),
});
type Condition = z.infer<typeof conditionSchema>;
type DateField = 'dateAdded' | 'dateUpdated';

/** A condition, or a group of filters joined by AND or OR. */
export type Filter = Condition | { group: 'AND' | 'OR'; filters: Filter[] };
export const filterSchema: z.ZodType<Filter> = z.union([
  conditionSchema,
  z.strictObject({ group: z.enum(['AND', 'OR']), filters: z.array(z.lazy(() => filterSchema)) }),
]);

/** Tells whether a contact passes a filter. Raises 422 for a combination the real search refuses. */
export function passes(contact: Contact, filter: Filter): boolean {
  if ('group' in filter) {
    const test = (inner: Filter): boolean => passes(contact, inner);
    return filter.group === 'AND' ? filter.filters.every(test) : filter.filters.some(test);
  }
  return passesCondition(searchValue(contact, filter.field), filter);
}

/** Returns what a condition asks of a date in milliseconds, or undefined where it asks something else. */
export function dateBoundsOf({ field, operator, value }: Condition): (TimeBounds & { field: DateField }) | undefined {
  if ((field !== 'dateAdded' && field !== 'dateUpdated') || operator !== 'range') return undefined;
  const range = rangeSchema.safeParse(value);
  if (!range.success) return undefined;
  const bounds = Object.entries(range.data).map(([name, bound]) => [name, Number(comparable(field, bound))] as const);
  if (bounds.some(([, atMs]) => Number.isNaN(atMs))) return undefined;
  return { field, ...Object.fromEntries(bounds) };
}

/** The value a search field has in a contact's document: text in lower case, dates in milliseconds. */
export function searchValue(contact: Contact, field: string): unknown {
  if (field.startsWith('customFields.')) {
    const id = field.slice('customFields.'.length);
    return normalise(contact.customFields.find((custom) => custom.id === id)?.value);
  }
  if (field === 'contactName') return nameOf(contact).toLowerCase();
  if (field === 'firstNameLowerCase') return normalise(contact.firstName);
  if (field === 'lastNameLowerCase') return normalise(contact.lastName);
  if (field === 'address') return normalise(contact.address1);
  if (field === 'businessName') return normalise(contact.companyName);
  if (field === 'dateAdded' || field === 'dateUpdated') return Date.parse(contact[field]);
  const fields = new Map<string, unknown>(Object.entries(contact));
  return normalise(fields.get(field));
}

function passesCondition(actual: unknown, { field, operator, value }: Condition): boolean {
  switch (operator) {
    case 'exists':
      return isPresent(actual);
    case 'not_exists':
      return !isPresent(actual);
    case 'eq':
      return equals(field, actual, value);
    case 'not_eq':
      return !equals(field, actual, value);
    case 'contains':
      return contains(field, actual, value);
    case 'not_contains':
      return !contains(field, actual, value);
    case 'range':
      return inRange(field, actual, value);
  }
}

function equals(field: string, actual: unknown, expected: Condition['value']): boolean {
  if (Array.isArray(expected)) return expected.some((one) => equals(field, actual, one));
  const wanted = comparable(field, expected);
  return Array.isArray(actual) ? actual.includes(wanted) : actual === wanted;
}

function contains(field: string, actual: unknown, expected: Condition['value']): boolean {
  if (field === 'email' || field === 'website') throw refusal(422, [`operator contains is not supported for ${field}`]);
  if (Array.isArray(expected)) return expected.some((one) => contains(field, actual, one));
  const wanted = String(comparable(field, expected));
  const texts = Array.isArray(actual) ? actual : [actual];
  return texts.some((text) => typeof text === 'string' && text.includes(wanted));
}

/** The shape of a range value is not published; `{gte,lte,gt,lt}` is what integrators send. */
function inRange(field: string, actual: unknown, expected: Condition['value']): boolean {
  const range = rangeSchema.safeParse(expected);
  if (!range.success) throw refusal(422, ['value must be an object']);
  if (typeof actual !== 'number' && typeof actual !== 'string') return false;
  const compare = (bound: z.infer<typeof scalar> | undefined, holds: (difference: number) => boolean): boolean => {
    if (bound === undefined) return true;
    const limit = comparable(field, bound);
    if (typeof actual === 'number') return holds(actual - Number(limit));
    return holds(actual.localeCompare(String(limit)));
  };
  const { gte, lte, gt, lt } = range.data;
  return (
    compare(gte, (d) => d >= 0) && compare(lte, (d) => d <= 0) && compare(gt, (d) => d > 0) && compare(lt, (d) => d < 0)
  );
}

function comparable(field: string, value: unknown): unknown {
  const isDate = field === 'dateAdded' || field === 'dateUpdated';
  return isDate && typeof value === 'string' ? Date.parse(value) : normalise(value);
}

function normalise(value: unknown): unknown {
  if (typeof value === 'string') return value.toLowerCase();
  if (Array.isArray(value)) return value.map(normalise);
  return value;
}

function isPresent(value: unknown): boolean {
  return value !== null && value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0);
}

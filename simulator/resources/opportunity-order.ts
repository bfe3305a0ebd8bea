import { z } from 'zod';
import type { Opportunity } from '../world/records.ts';

/** What the advanced search can be sorted by, as far as the world knows it. */
const places = {
  date_added: (one: Opportunity) => Date.parse(one.createdAt),
  date_updated: (one: Opportunity) => Date.parse(one.updatedAt),
  name: (one: Opportunity) => one.name,
  monetary_value: (one: Opportunity) => one.monetaryValue,
} as const;
type Field = keyof typeof places;

export const sortSchema = z
  .array(
    z.strictObject({
      field: z.enum(Object.keys(places) as [Field, ...Field[]]),
      direction: z.enum(['asc', 'desc']),
    }),
  )
  .min(1)
  .default([{ field: 'date_added', direction: 'desc' }]);
type Sort = z.output<typeof sortSchema>;

/** The cursor of an opportunity: what it is sorted by, then its id, so that no two are equal. */
export const cursorOf = (one: Opportunity, sort: Sort): unknown[] => [
  ...sort.map(({ field }) => places[field](one)),
  one.id,
];

/** Sorts, ids ascending whichever way the rest goes. */
export const inOrder = (opportunities: Opportunity[], sort: Sort): Opportunity[] =>
  [...opportunities].sort((a, b) => compare(cursorOf(a, sort), cursorOf(b, sort), sort));

/** The first place behind a cursor, which holds when the record it was taken from is gone or stands elsewhere now. */
export function placeAfter(ordered: readonly Opportunity[], cursor: readonly unknown[], sort: Sort): number {
  const index = ordered.findIndex((one) => compare(cursorOf(one, sort), cursor, sort) > 0);
  return index < 0 ? ordered.length : index;
}

function compare(a: readonly unknown[], b: readonly unknown[], sort: Sort): number {
  for (const [position, { direction, field }] of sort.entries()) {
    const [left, right] = [a[position], b[position]];
    const order = field === 'name' ? String(left).localeCompare(String(right)) : Number(left) - Number(right);
    if (order !== 0) return direction === 'asc' ? order : -order;
  }
  return String(a[sort.length]).localeCompare(String(b[sort.length]));
}

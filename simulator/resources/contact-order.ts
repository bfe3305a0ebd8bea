import type { Contact } from '../world/records.ts';
import { searchValue } from './search-filters.ts';

/** By what a search is sorted; the first field counts most. */
export type Sort = { field: string; direction: 'asc' | 'desc' }[];

const defaultSort: Sort = [{ field: 'dateAdded', direction: 'desc' }];

/** Returns what is sorted by: GHL shows the newest first where nobody says otherwise. */
export function orderOf(sort: Sort): Sort {
  return sort.length > 0 ? sort : defaultSort;
}

/** The cursor of a document: its sort values, then its id, so that no two are equal. */
export function sortKeyOf(contact: Contact, sort: Sort): unknown[] {
  return [...orderOf(sort).map(({ field }) => searchValue(contact, field) ?? null), contact.id];
}

/** Compares two cursors; ids ascend whichever way the rest goes. */
export function compareKeys(a: unknown[], b: unknown[], sort: Sort): number {
  const fields = orderOf(sort);
  for (const [position, { direction }] of fields.entries()) {
    const order = compareValues(a[position], b[position]);
    if (order !== 0) return direction === 'asc' ? order : -order;
  }
  return compareValues(a[fields.length], b[fields.length]);
}

function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [a, b].map((value) => (value === null || value === undefined ? '' : JSON.stringify(value)));
  if (left === right) return 0;
  return (left ?? '') < (right ?? '') ? -1 : 1;
}

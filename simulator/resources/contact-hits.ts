import { refusal } from '../http/reply.ts';
import { intersect, walk } from '../world/generated/series.ts';
import type { Span } from '../world/generated/series.ts';
import type { Population } from '../world/generated/population.ts';
import type { Contact } from '../world/records.ts';
import { compareKeys, orderOf, sortKeyOf } from './contact-order.ts';
import type { Sort } from './contact-order.ts';
import { mergeSorted } from './merge-sorted.ts';
import { dateBoundsOf } from './search-filters.ts';
import type { Filter } from './search-filters.ts';

/** A contact that a search finds, with its cursor. */
export interface Hit {
  contact: Contact;
  key: unknown[];
}

/** What is looked for, and in which order. */
export interface Wanted {
  filters: Filter[];
  sort: Sort;
  /** Only what stands behind this cursor. */
  searchAfter?: unknown[] | undefined;
  fits: (contact: Contact) => boolean;
  /** Whether nothing but ranges of dates is asked for: generated contacts need not be looked at then. */
  byDateAlone: boolean;
}

/** Where is looked: contacts that are stored, and generated ones without those that are covered. */
export interface Shelf {
  stored: Contact[];
  population: Population | undefined;
  covered: ReadonlySet<string>;
}

/** Returns the hits one by one, in their order, and how many there are from the first on, whatever the cursor. */
export function findContacts(shelf: Shelf, wanted: Wanted): { hits: Iterable<Hit>; total: number } {
  const { sort, searchAfter } = wanted;
  const compare = (a: Hit, b: Hit): number => compareKeys(a.key, b.key, sort);
  const found = shelf.stored.filter(wanted.fits).map((contact) => ({ contact, key: sortKeyOf(contact, sort) }));
  const stored = found.filter(({ key }) => !searchAfter || compareKeys(key, searchAfter, sort) > 0).sort(compare);
  if (!shelf.population) return { hits: stored, total: found.length };
  return {
    hits: mergeSorted(stored, walkGenerated(shelf, shelf.population, wanted), compare),
    total: found.length + countGenerated(shelf, shelf.population, wanted),
  };
}

function* walkGenerated(shelf: Shelf, population: Population, wanted: Wanted): Generator<Hit> {
  const { sort, searchAfter, fits, byDateAlone } = wanted;
  const [first] = orderOf(sort);
  const field = first?.field;
  // Other orders would need every generated contact in memory at once.
  if (field !== 'dateAdded' && field !== 'dateUpdated') {
    throw refusal(400, 'the generated contacts of a simulated location are sorted by dateAdded or dateUpdated first');
  }
  const sign = first?.direction === 'desc' ? -1 : 1;
  const from = Number(searchAfter?.[0]);
  const behind = sign > 0 ? { gte: from } : { lte: from };
  const rest = searchAfter ? population.contactDates[field].span(behind) : everyone(population);
  for (const index of walk(intersect(spanOf(population, wanted), rest), sign)) {
    const contact = population.contactAt(index);
    if (shelf.covered.has(contact.id) || !(byDateAlone || fits(contact))) continue;
    const key = sortKeyOf(contact, sort);
    if (!searchAfter || compareKeys(key, searchAfter, sort) > 0) yield { contact, key };
  }
}

function countGenerated(shelf: Shelf, population: Population, { filters, fits, byDateAlone }: Wanted): number {
  const [from, to] = spanOf(population, { filters });
  if (!byDateAlone) {
    let count = 0;
    for (const index of walk([from, to], 1)) {
      const contact = population.contactAt(index);
      if (!shelf.covered.has(contact.id) && fits(contact)) count += 1;
    }
    return count;
  }
  let count = to - from;
  for (const contactId of shelf.covered) {
    const index = population.indexOf('contact', contactId) ?? -1;
    if (index >= from && index < to) count -= 1;
  }
  return count;
}

/** The generated contacts that can pass: those within the date ranges, or the one that an id or address names. */
function spanOf(population: Population, { filters }: Pick<Wanted, 'filters'>): Span {
  let span = everyone(population);
  for (const filter of filters) {
    if ('group' in filter) continue;
    const bounds = dateBoundsOf(filter);
    if (bounds) span = intersect(span, population.contactDates[bounds.field].span(bounds));
    const { field, operator, value } = filter;
    if (operator !== 'eq' || typeof value !== 'string') continue;
    if (field === 'id') span = intersect(span, only(population.indexOf('contact', value)));
    if (field === 'email' || field === 'phone') span = intersect(span, only(population.findByIdentifier(field, value)));
  }
  return span;
}

function everyone({ spec }: Population): Span {
  return [0, spec.contacts];
}

function only(index: number | undefined): Span {
  return index === undefined ? [0, 0] : [index, index + 1];
}

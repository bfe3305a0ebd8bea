import { z } from 'zod';
import { ok, refusal } from '../http/reply.ts';
import type { Route } from '../http/route.ts';
import { validate } from '../http/validate.ts';
import type { Contact } from '../world/records.ts';
import { findMatch } from './contact-dedupe.ts';
import { normalisePhone } from './contact-fields.ts';
import { nameOf, viewContact, viewSearchDocument } from './contact-view.ts';
import { getCallLocation } from './lookup.ts';
import { filterSchema, passes, searchValue } from './search-filters.ts';
import type { Filter } from './search-filters.ts';

/** Paging by `page` reaches this many documents; beyond it only `searchAfter` leads on. */
const pageHorizon = 10_000;

const searchSchema = z.strictObject({
  locationId: z.string().min(1),
  pageLimit: z.number().int().min(1).max(500),
  page: z.number().int().min(1).optional(),
  searchAfter: z.array(z.unknown()).optional(),
  filters: z.array(filterSchema).default([]),
  sort: z
    .array(z.strictObject({ field: z.string(), direction: z.enum(['asc', 'desc']) }))
    .max(2)
    .default([]),
  query: z.string().max(75).optional(),
});
type Search = z.output<typeof searchSchema>;

const duplicateSchema = z.strictObject({
  locationId: z.string().min(1),
  number: z.string().optional(),
  email: z.string().optional(),
});

const read = { access: 'location', scope: 'contacts.readonly' } as const;

export const contactSearchRoutes: Route[] = [
  {
    ...read,
    method: 'post',
    path: '/contacts/search',
    handle(call) {
      const search = validate(searchSchema, call.body);
      getCallLocation(call, search.locationId);
      refuseBadPaging(search);
      const misses = call.sim.behaviour.phoneFilter === 'misses' && search.filters.some(isAboutPhone);
      const documents = misses ? [] : call.sim.index.listByLocation(search.locationId);
      const hits = documents
        .filter(
          (contact) => search.filters.every((filter) => passes(contact, filter)) && mentions(contact, search.query),
        )
        .map((contact) => ({ contact, key: sortKeyOf(contact, search.sort) }))
        .sort((a, b) => compareKeys(a.key, b.key, search.sort));
      const rest = search.searchAfter
        ? hits.filter((hit) => compareKeys(hit.key, search.searchAfter ?? [], search.sort) > 0)
        : hits.slice(((search.page ?? 1) - 1) * search.pageLimit);
      const { searchShowsDnd } = call.sim.behaviour;
      const contacts = rest
        .slice(0, search.pageLimit)
        .map(({ contact, key }) => viewSearchDocument(contact, key, searchShowsDnd));
      return ok({ contacts, total: hits.length });
    },
  },
  {
    ...read,
    method: 'get',
    path: '/contacts/search/duplicate',
    handle(call) {
      const { locationId, number, email } = validate(duplicateSchema, call.query);
      const location = getCallLocation(call, locationId);
      // A `+` that was not URL-encoded arrives as a blank, and then finds nothing.
      const phone = number?.startsWith(' ') ? number : number && normalisePhone(number);
      const match = findMatch(call.sim.world, location, { email, phone });
      return ok({ contact: match ? viewContact(match.contact) : null });
    },
  },
];

function refuseBadPaging(search: Search): void {
  if (search.page !== undefined && search.searchAfter !== undefined) {
    throw refusal(400, 'page and searchAfter can not be used together');
  }
  if ((search.page ?? 1) * search.pageLimit > pageHorizon) {
    throw refusal(400, 'Page limit exceeded, use searchAfter to go beyond 10000 records');
  }
}

function isAboutPhone(filter: Filter): boolean {
  return 'group' in filter ? filter.filters.some(isAboutPhone) : filter.field === 'phone';
}

function mentions(contact: Contact, query: string | undefined): boolean {
  if (!query) return true;
  const wanted = query.toLowerCase();
  return [nameOf(contact), contact.email, contact.phone, contact.companyName].some((text) =>
    text?.toLowerCase().includes(wanted),
  );
}

/** The cursor of a document: its sort values, then its id, so that no two are equal. */
function sortKeyOf(contact: Contact, sort: Search['sort']): unknown[] {
  const fields = sort.length > 0 ? sort : defaultSort;
  return [...fields.map(({ field }) => searchValue(contact, field) ?? null), contact.id];
}

const defaultSort: Search['sort'] = [{ field: 'dateAdded', direction: 'desc' }];

function compareKeys(a: unknown[], b: unknown[], sort: Search['sort']): number {
  const fields = sort.length > 0 ? sort : defaultSort;
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

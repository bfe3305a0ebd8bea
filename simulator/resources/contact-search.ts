import { z } from 'zod';
import { ok, refusal } from '../http/reply.ts';
import type { Route } from '../http/route.ts';
import { validate } from '../http/validate.ts';
import type { Contact } from '../world/records.ts';
import type { Simulation } from '../simulation.ts';
import { findMatch } from './contact-dedupe.ts';
import { normalisePhone } from './contact-fields.ts';
import { findContacts } from './contact-hits.ts';
import type { Shelf } from './contact-hits.ts';
import { nameOf, viewContact, viewSearchDocument } from './contact-view.ts';
import { getCallLocation } from './lookup.ts';
import { takePage } from './merge-sorted.ts';
import { dateBoundsOf, filterSchema, passes } from './search-filters.ts';
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
      const search = withKnownFilters(call.sim, validate(searchSchema, call.body));
      getCallLocation(call, search.locationId);
      refuseBadPaging(search);
      const { hits, total } = findContacts(shelfOf(call.sim, search), {
        ...search,
        fits: (contact) => suits(contact, search),
        byDateAlone: search.filters.every(isDateRange) && !search.query,
      });
      const skip = search.searchAfter ? 0 : ((search.page ?? 1) - 1) * search.pageLimit;
      const { searchShowsDnd } = call.sim.behaviour;
      const contacts = takePage(hits, skip, search.pageLimit).map(({ contact, key }) =>
        viewSearchDocument(contact, key, searchShowsDnd),
      );
      return ok({ contacts, total });
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

function withKnownFilters({ behaviour }: Simulation, search: Search): Search {
  if (behaviour.dateRanges === 'applied') return search;
  return { ...search, filters: search.filters.filter((filter) => !isDateRange(filter)) };
}

function refuseBadPaging(search: Search): void {
  if (search.page !== undefined && search.searchAfter !== undefined) {
    throw refusal(400, 'page and searchAfter can not be used together');
  }
  if ((search.page ?? 1) * search.pageLimit > pageHorizon) {
    throw refusal(400, 'Page limit exceeded, use searchAfter to go beyond 10000 records');
  }
}

/** What the index shows of a location; of a search that GHL was reported to miss on, nothing. */
function shelfOf({ behaviour, index, world }: Simulation, search: Search): Shelf {
  const { locationId } = search;
  if (behaviour.phoneFilter === 'misses' && search.filters.some(isAboutPhone)) {
    return { stored: [], population: undefined, covered: new Set() };
  }
  const stored = index.listByLocation(locationId);
  return { stored, population: world.populations.of(locationId), covered: index.coveredIn(locationId) };
}

/** Stored contacts are looked at one by one whatever is asked; generated ones within dates need not be. */
function isDateRange(filter: Filter): boolean {
  return !('group' in filter) && dateBoundsOf(filter) !== undefined;
}

function suits(contact: Contact, { filters, query }: Search): boolean {
  return filters.every((filter) => passes(contact, filter)) && mentions(contact, query);
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

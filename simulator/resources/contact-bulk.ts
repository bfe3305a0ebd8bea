import { z } from 'zod';
import { isV3 } from '../http/api-version.ts';
import { ok, plainRefusal } from '../http/reply.ts';
import type { Route } from '../http/route.ts';
import { validate } from '../http/validate.ts';
import { normaliseTags } from './contact-fields.ts';
import { findContacts } from './contact-hits.ts';
import { viewContact } from './contact-view.ts';
import { takePage } from './merge-sorted.ts';
import { replaceContact } from './contact-writes.ts';
import { getCallLocation } from './lookup.ts';

const bulkTagsSchema = z.strictObject({
  contacts: z.array(z.string()),
  tags: z.array(z.string()),
  locationId: z.string().min(1),
  removeAllTags: z.boolean().optional(),
});
const listSchema = z.strictObject({
  locationId: z.string().min(1),
  query: z.string().optional(),
  startAfterId: z.string().optional(),
  /** Milliseconds since 1970. */
  startAfter: z.coerce.number().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});

export const contactBulkRoutes: Route[] = [
  {
    access: 'location',
    scope: 'contacts.write',
    method: 'post',
    path: '/contacts/bulk/tags/update/:type',
    handle(call) {
      const { contacts, tags, locationId, removeAllTags } = validate(bulkTagsSchema, call.body);
      getCallLocation(call, locationId);
      const { type } = call.params;
      if (type !== 'add' && type !== 'remove') throw plainRefusal(400, 'type must be add or remove');
      const named = normaliseTags(tags);
      const responses = contacts.flatMap((contactId) => {
        const contact = call.sim.world.contacts.find(contactId);
        // Another location's contact reads as one that does not exist.
        if (contact?.locationId !== locationId) return [];
        const kept = removeAllTags ? [] : contact.tags.filter((tag) => !named.includes(tag));
        const next = type === 'add' ? [...(removeAllTags ? [] : contact.tags), ...named] : kept;
        replaceContact(call.sim, contact, { ...contact, tags: normaliseTags(next) });
        return [contactId];
      });
      const errorCount = contacts.length - responses.length;
      const succeded = errorCount === 0;
      return ok({ succeded, ...(isV3(call) ? { succeeded: succeded } : {}), errorCount, responses }, 201);
    },
  },
  {
    access: 'location',
    scope: 'contacts.readonly',
    removedInV3: true,
    method: 'get',
    path: '/contacts/',
    handle(call) {
      const { locationId, query, startAfter, startAfterId, limit } = validate(listSchema, call.query);
      getCallLocation(call, locationId);
      const wanted = query?.toLowerCase();
      const { contacts, populations } = call.sim.world;
      const stored = contacts.listStored(locationId);
      const shelf = { stored, population: populations.of(locationId), covered: contacts.coveredIn(locationId) };
      const { hits, total } = findContacts(shelf, {
        filters: [],
        sort: [],
        searchAfter: startAfter === undefined ? undefined : [startAfter, startAfterId ?? ''],
        fits: (contact) => !wanted || JSON.stringify(contact).toLowerCase().includes(wanted),
        byDateAlone: !wanted,
      });
      const found = takePage(hits, 0, limit + 1).map(({ contact }) => contact);
      const page = found.slice(0, limit);
      const last = page.at(-1);
      return ok({
        contacts: page.map(viewContact),
        count: total,
        meta: {
          total,
          startAfterId: last?.id ?? null,
          startAfter: last ? Date.parse(last.dateAdded) : null,
          nextPage: found.length > limit ? 2 : null,
        },
      });
    },
  },
];

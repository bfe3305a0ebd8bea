import { z } from 'zod';
import { contactSearchBodySchema, contactSearchPageSchema } from '../contact-search-schema.ts';
import { looseText } from '../loose-fields.ts';
import { create, inGroup, search } from './endpoint-groups.ts';

const contactSearch = inGroup('contact-search');

/** Calls about many contacts at once. */
export const contactSearchOperations = {
  searchContacts: {
    ...contactSearch,
    ...search,
    path: '/contacts/search',
    body: contactSearchBodySchema,
    response: contactSearchPageSchema,
  },
  updateTagsOfContacts: {
    ...contactSearch,
    ...create,
    path: '/contacts/bulk/tags/update/:action',
    // `removeAllTags` is left out on purpose: it would remove what others have given.
    body: z.object({
      contacts: z.array(z.string().min(1)).min(1),
      tags: z.array(z.string().min(1)).min(1),
      locationId: z.string().min(1),
    }),
    // Either the ids of those that were changed, or an object for each with its error.
    response: z.object({
      responses: z.array(z.union([z.string().min(1), z.object({ contactId: z.string().min(1), error: looseText })])),
    }),
  },
} as const;

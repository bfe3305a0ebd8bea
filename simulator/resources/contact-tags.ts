import { z } from 'zod';
import { ok } from '../http/reply.ts';
import type { Route } from '../http/route.ts';
import { validate } from '../http/validate.ts';
import { normaliseTags } from './contact-fields.ts';
import { replaceContact } from './contact-writes.ts';
import { getCallContact } from './lookup.ts';

const tagsSchema = z.strictObject({ tags: z.array(z.string()) });
const endpoint = { access: 'location', scope: 'contacts.write', path: '/contacts/:contactId/tags' } as const;

export const contactTagRoutes: Route[] = [
  {
    ...endpoint,
    method: 'post',
    handle(call) {
      const given = normaliseTags(validate(tagsSchema, call.body).tags);
      const contact = getCallContact(call);
      const tags = [...new Set([...contact.tags, ...given])];
      const tagsAdded = given.filter((tag) => !contact.tags.includes(tag));
      return ok({ tags: replaceContact(call.sim, contact, { ...contact, tags }).tags, tagsAdded }, 201);
    },
  },
  {
    ...endpoint,
    method: 'delete',
    handle(call) {
      const given = normaliseTags(validate(tagsSchema, call.body).tags);
      const contact = getCallContact(call);
      const tags = contact.tags.filter((tag) => !given.includes(tag));
      const tagsRemoved = given.filter((tag) => contact.tags.includes(tag));
      return ok({ tags: replaceContact(call.sim, contact, { ...contact, tags }).tags, tagsRemoved });
    },
  },
];

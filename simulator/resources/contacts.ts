import { ok } from '../http/reply.ts';
import type { Route } from '../http/route.ts';
import { validate } from '../http/validate.ts';
import { contactCreateSchema, contactUpdateSchema, contactUpsertSchema } from './contact-input.ts';
import { upsertContact } from './contact-upsert.ts';
import { viewContact } from './contact-view.ts';
import { createContact, deleteContact, updateContact } from './contact-writes.ts';
import { getCallContact, getCallLocation } from './lookup.ts';

const write = { access: 'location', scope: 'contacts.write' } as const;
const read = { access: 'location', scope: 'contacts.readonly' } as const;

export const contactRoutes: Route[] = [
  {
    ...write,
    method: 'post',
    path: '/contacts/upsert',
    handle(call) {
      const { locationId, createNewIfDuplicateAllowed, ...input } = validate(contactUpsertSchema, call.body);
      const location = getCallLocation(call, locationId);
      const result = upsertContact(call.sim, location, input, createNewIfDuplicateAllowed ?? false);
      return ok({ new: result.isNew, contact: viewContact(result.contact) });
    },
  },
  {
    ...write,
    method: 'post',
    path: '/contacts/',
    handle(call) {
      const { locationId, ...input } = validate(contactCreateSchema, call.body);
      const contact = createContact(call.sim, getCallLocation(call, locationId), input);
      return ok({ contact: viewContact(contact) }, 201);
    },
  },
  {
    ...read,
    method: 'get',
    path: '/contacts/:contactId',
    handle: (call) => ok({ contact: viewContact(getCallContact(call)) }),
  },
  {
    ...write,
    method: 'put',
    path: '/contacts/:contactId',
    handle(call) {
      const input = validate(contactUpdateSchema, call.body);
      const contact = updateContact(call.sim, getCallContact(call), input);
      // `succeded` is how GHL spells it.
      return ok({ succeded: true, contact: viewContact(contact) });
    },
  },
  {
    ...write,
    method: 'delete',
    path: '/contacts/:contactId',
    handle(call) {
      deleteContact(call.sim, getCallContact(call));
      return ok({ succeded: true });
    },
  },
];

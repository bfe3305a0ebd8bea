import { succeeded, succeededEitherWay } from '../http/api-version.ts';
import { ok } from '../http/reply.ts';
import type { Route } from '../http/route.ts';
import { validate } from '../http/validate.ts';
import { contactCreateSchema, contactUpdateSchema, contactUpsertSchema } from './contact-input.ts';
import { upsertContact } from './contact-upsert.ts';
import { readContactBody, viewContactFor } from './contact-v3.ts';
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
      const { locationId, createNewIfDuplicateAllowed, ...input } = validate(
        contactUpsertSchema,
        readContactBody(call),
      );
      const location = getCallLocation(call, locationId);
      const result = upsertContact(call.sim, location, input, createNewIfDuplicateAllowed ?? false);
      return ok({ new: result.isNew, contact: viewContactFor(call, result.contact) });
    },
  },
  {
    ...write,
    method: 'post',
    path: '/contacts/',
    handle(call) {
      const { locationId, ...input } = validate(contactCreateSchema, readContactBody(call));
      const contact = createContact(call.sim, getCallLocation(call, locationId), input);
      return ok({ contact: viewContactFor(call, contact) }, 201);
    },
  },
  {
    ...read,
    method: 'get',
    path: '/contacts/:contactId',
    handle: (call) => ok({ contact: viewContactFor(call, getCallContact(call)) }),
  },
  {
    ...write,
    method: 'put',
    path: '/contacts/:contactId',
    handle(call) {
      const input = validate(contactUpdateSchema, readContactBody(call));
      const contact = updateContact(call.sim, getCallContact(call), input);
      // `succeded` is how GHL spells it; the newer version mends that here, and keeps both where a contact is deleted.
      return ok({ ...succeeded(call), contact: viewContactFor(call, contact) });
    },
  },
  {
    ...write,
    method: 'delete',
    path: '/contacts/:contactId',
    handle(call) {
      deleteContact(call.sim, getCallContact(call));
      return ok(succeededEitherWay(call));
    },
  },
];

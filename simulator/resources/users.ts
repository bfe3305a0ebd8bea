import { z } from 'zod';
import { checkCompany } from '../http/access.ts';
import { succeeded } from '../http/api-version.ts';
import { ok, plainRefusal } from '../http/reply.ts';
import type { Call, Route } from '../http/route.ts';
import { validate } from '../http/validate.ts';
import type { User } from '../world/records.ts';
import { getCallLocation } from './lookup.ts';
import { createUser, deleteUser, getUser, updateUser } from './user-writes.ts';
import { userCreateSchema, userUpdateSchema } from './user-input.ts';

const text = z.string().optional();
const searchSchema = z.strictObject({
  companyId: z.string().min(1),
  query: text,
  skip: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(100).default(25),
  locationId: text,
  type: text,
  role: text,
  ids: text,
  sort: text,
  sortDirection: text,
  enabled2waySync: text,
});

/** The published schema has the e-mails as one text with commas, integrators send a list: both are taken. */
const emailFilterSchema = z.strictObject({
  companyId: z.string().min(1),
  emails: z
    .union([z.array(z.string()), z.string().transform((list) => list.split(','))])
    .transform((emails) => emails.map((email) => email.trim().toLowerCase())),
  deleted: z.boolean().optional(),
  skip: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(100).default(25),
  projection: text,
});

const write = { access: 'any', scope: 'users.write' } as const;
const read = { access: 'any', scope: 'users.readonly' } as const;

export const userRoutes: Route[] = [
  {
    ...read,
    method: 'get',
    path: '/users/search',
    handle(call) {
      const { companyId, skip, limit, ...wanted } = validate(searchSchema, call.query);
      checkCompany(call, companyId);
      // A location's token sees that location's people only.
      const locationId = call.token.locationId ?? wanted.locationId;
      const users = [...call.sim.world.users.values()].filter(
        (user) =>
          user.companyId === companyId &&
          (!locationId || user.locationIds.includes(locationId)) &&
          (!wanted.type || user.type === wanted.type) &&
          (!wanted.role || user.role === wanted.role) &&
          (!wanted.ids || wanted.ids.split(',').includes(user.id)) &&
          (!wanted.query || describe(user).includes(wanted.query.toLowerCase())),
      );
      return ok({ users: users.slice(skip, skip + limit).map(viewUser), count: users.length });
    },
  },
  {
    access: 'agency',
    scope: 'users.readonly',
    method: 'post',
    path: '/users/search/filter-by-email',
    handle(call) {
      const { companyId, emails, skip, limit } = validate(emailFilterSchema, call.body);
      checkCompany(call, companyId);
      const users = [...call.sim.world.users.values()].filter(
        (user) => user.companyId === companyId && emails.includes(user.email.toLowerCase()),
      );
      return ok({ users: users.slice(skip, skip + limit).map(viewUser), count: users.length });
    },
  },
  {
    access: 'location',
    scope: 'users.readonly',
    agencyPitRefusal: "Token's user type mismatch!",
    removedInV3: true,
    method: 'get',
    path: '/users/',
    handle(call) {
      const { locationId } = validate(z.strictObject({ locationId: z.string().min(1) }), call.query);
      getCallLocation(call, locationId);
      const users = [...call.sim.world.users.values()].filter((user) => user.locationIds.includes(locationId));
      return ok({ users: users.map(viewUser) });
    },
  },
  { ...read, method: 'get', path: '/users/:userId', handle: (call) => ok(viewUser(getOwn(call))) },
  {
    ...write,
    method: 'post',
    path: '/users/',
    handle(call) {
      const { companyId, fields } = validate(userCreateSchema, call.body);
      checkCompany(call, companyId);
      for (const locationId of fields.locationIds) getCallLocation(call, locationId);
      return ok(viewUser(createUser(call.sim, companyId, fields)), 201);
    },
  },
  {
    ...write,
    method: 'put',
    path: '/users/:userId',
    handle(call) {
      const fields = validate(userUpdateSchema, call.body);
      const user = getOwn(call);
      for (const locationId of fields.locationIds ?? []) getCallLocation(call, locationId);
      return ok(viewUser(updateUser(call.sim, user, fields)));
    },
  },
  {
    ...write,
    method: 'delete',
    path: '/users/:userId',
    handle(call) {
      deleteUser(call.sim, getOwn(call));
      return ok({ ...succeeded(call), message: 'Queued deleting user. Will take effect in a few minutes.' });
    },
  },
];

function getOwn(call: Call): User {
  const user = getUser(call.sim, call.params['userId'] ?? '');
  checkCompany(call, user.companyId);
  const { locationId } = call.token;
  if (locationId && !user.locationIds.includes(locationId)) {
    throw plainRefusal(403, 'The token does not have access to this location.');
  }
  return user;
}

function describe(user: User): string {
  return `${user.firstName} ${user.lastName} ${user.email}`.toLowerCase();
}

function viewUser(user: User): Record<string, unknown> {
  const { companyId: _company, locationIds, type, role, ...rest } = user;
  return {
    ...rest,
    name: `${user.firstName} ${user.lastName}`.trim(),
    deleted: false,
    roles: { type, role, locationIds },
  };
}

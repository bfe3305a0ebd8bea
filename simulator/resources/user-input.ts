import { z } from 'zod';
import type { UserFields } from './user-writes.ts';

const id = z.string().min(1);

/** What the API takes and does nothing visible with. */
const ignored = {
  profilePhoto: z.string().optional(),
  twilioPhone: z.record(z.string(), z.string()).optional(),
  platformLanguage: z.string().optional(),
  scopesAssignedToOnly: z.array(z.string()).optional(),
};
const optional = {
  phone: z.string().optional(),
  permissions: z.record(z.string(), z.unknown()).optional(),
  scopes: z.array(z.string()).optional(),
};
const identity = {
  firstName: z.string().min(1),
  lastName: z.string().min(1),
  email: z.email(),
  type: z.enum(['account', 'agency']),
  role: z.enum(['admin', 'user']),
  locationIds: z.array(id),
};

/** Body of `POST /users/`; the password is required and not kept. */
export const userCreateSchema = z
  .strictObject({ companyId: id, password: z.string().min(1), ...identity, ...optional, ...ignored })
  .transform(({ companyId, firstName, lastName, email, type, role, locationIds, phone, permissions, scopes }) => {
    const fields: UserFields = {
      firstName,
      lastName,
      email,
      type,
      role,
      locationIds,
      permissions: permissions ?? {},
      scopes: scopes ?? [],
      ...(phone === undefined ? {} : { phone }),
    };
    return { companyId, fields };
  });

/** Body of `PUT /users/{id}`: any part of a user. */
export const userUpdateSchema = z
  .strictObject({
    companyId: id.optional(),
    password: z.string().optional(),
    ...z.object(identity).partial().shape,
    ...optional,
    ...ignored,
  })
  .transform(
    ({ firstName, lastName, email, type, role, locationIds, phone, permissions, scopes }): Partial<UserFields> => ({
      ...(firstName === undefined ? {} : { firstName }),
      ...(lastName === undefined ? {} : { lastName }),
      ...(email === undefined ? {} : { email }),
      ...(type === undefined ? {} : { type }),
      ...(role === undefined ? {} : { role }),
      ...(locationIds === undefined ? {} : { locationIds }),
      ...(phone === undefined ? {} : { phone }),
      ...(permissions === undefined ? {} : { permissions }),
      ...(scopes === undefined ? {} : { scopes }),
    }),
  );

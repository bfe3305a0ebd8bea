import { z } from 'zod';
import { looseNumber } from '../loose-fields.ts';
import * as user from '../user-schema.ts';
import { create, inGroup, read, search, update } from './endpoint-groups.ts';

const users = inGroup('users');
const userPage = z.object({ users: z.array(user.userSchema), count: looseNumber });

export const userOperations = {
  searchUsers: { ...users, ...read, path: '/users/search', response: userPage },
  findUsersByEmail: {
    ...users,
    ...search,
    path: '/users/search/filter-by-email',
    body: user.usersByEmailBodySchema,
    response: userPage,
  },
  getUser: { ...users, ...read, path: '/users/:userId', response: user.userSchema },
  createUser: { ...users, ...create, path: '/users/', body: user.userCreateBodySchema, response: user.userSchema },
  updateUser: {
    ...users,
    ...update,
    path: '/users/:userId',
    body: user.userUpdateBodySchema,
    response: user.userSchema,
  },
} as const;

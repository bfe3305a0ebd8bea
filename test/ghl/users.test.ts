import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUser, findUsersByEmail, getUser, searchUsers, updateUser } from '../../ghl/users.ts';
import { agency, here, many, neighbour, openResourceWorld } from './resource-world.ts';
import type { ResourceWorld } from './resource-world.ts';

let world: ResourceWorld;
beforeEach(async () => {
  world = await openResourceWorld();
});
afterEach(() => world.close());

const ann = {
  firstName: 'Ann',
  lastName: 'Example',
  email: 'ann@example.com',
  password: 'not-a-real-one',
  type: 'account',
  role: 'user',
  locationIds: ['loc1'],
  permissions: { opportunitiesEnabled: true, assignedDataOnly: true },
} as const;
const fields = { ...ann, locationIds: [...ann.locationIds] };

describe('a user', () => {
  it('is made once, found by e-mail and changed', async () => {
    expect(await findUsersByEmail(world.ghl, agency, ['ann@example.com'])).toEqual([]);
    const made = await createUser(world.ghl, agency, fields);
    const again = createUser(world.ghl, agency, fields);
    await expect(again).rejects.toMatchObject({ code: 'GhlInvalid', reason: 'user-exists' });
    expect(await findUsersByEmail(world.ghl, agency, ['Ann@Example.com', 'no@example.com'])).toMatchObject([
      { id: made.id, firstName: 'Ann' },
    ]);
    await updateUser(world.ghl, agency, made.id, { locationIds: ['loc2'], role: 'admin' });
    expect(await getUser(world.ghl, neighbour, made.id)).toMatchObject({
      roles: { type: 'account', role: 'admin', locationIds: ['loc2'] },
    });
  });

  it('of another location is refused, and one that was removed not found', async () => {
    const refused = getUser(world.ghl, neighbour, 'user1');
    await expect(refused).rejects.toMatchObject({ code: 'GhlForbidden', reason: 'wrong-tenant' });
    await world.control.deleteUser('user1');
    await expect(getUser(world.ghl, here, 'user1')).rejects.toMatchObject({ code: 'GhlNotFound' });
  });

  it('is found in the location that asks, or anywhere in the agency', async () => {
    const users = many(4, (index) => ({
      id: `u${index}`,
      companyId: 'company1',
      locationIds: ['loc2'],
      email: `u${index}@example.com`,
    }));
    await world.control.seed({ users });
    const page = { skip: 0, limit: 100 };
    expect((await searchUsers(world.ghl, here, page)).users.map(({ id }) => id)).toEqual(['user1']);
    expect((await searchUsers(world.ghl, agency, page)).users).toHaveLength(5);
  });
});

import { plainRefusal } from '../http/reply.ts';
import type { Simulation } from '../simulation.ts';
import type { User } from '../world/records.ts';

/** What a caller may say about a user; the agency is fixed when the user is made. */
export type UserFields = Omit<User, 'id' | 'companyId'>;

/** Returns the user. Raises 404 where there is none. */
export function getUser(sim: Simulation, userId: string): User {
  const user = sim.world.users.get(userId);
  if (!user) throw plainRefusal(404, 'User not found');
  return user;
}

/** Makes a user and announces it. Raises 400 where the agency has a user with this e-mail. */
export function createUser(sim: Simulation, companyId: string, fields: UserFields): User {
  const taken = [...sim.world.users.values()].some(
    (other) => other.companyId === companyId && other.email.toLowerCase() === fields.email.toLowerCase(),
  );
  if (taken) throw plainRefusal(400, 'A user with this email already exists.');
  const user: User = { ...fields, id: sim.random.id(), companyId };
  sim.world.users.set(user.id, user);
  announce(sim, 'UserCreate', user);
  return user;
}

/** Writes fields over a user and announces it in every location the user has or had. */
export function updateUser(sim: Simulation, before: User, fields: Partial<UserFields>): User {
  const user: User = { ...before, ...fields };
  sim.world.users.set(user.id, user);
  announce(sim, 'UserUpdate', user, before.locationIds);
  return user;
}

/** Removes a user and announces it. */
export function deleteUser(sim: Simulation, user: User): void {
  sim.world.users.delete(user.id);
  announce(sim, 'UserDelete', user);
}

/** Users of locations are announced once in each; agency users once, to the agency. */
function announce(sim: Simulation, type: string, user: User, formerLocationIds: string[] = []): void {
  const { id, companyId, firstName, lastName, email, phone, role, permissions } = user;
  const fields = { id, firstName, lastName, email, ...(phone ? { phone } : {}), role, permissions };
  const locationIds = user.type === 'agency' ? [] : [...new Set([...user.locationIds, ...formerLocationIds])];
  if (locationIds.length === 0) sim.emitter.emit({ type, companyId, fields });
  for (const locationId of locationIds) sim.emitter.emit({ type, companyId, locationId, fields });
}

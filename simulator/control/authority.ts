import type { z } from 'zod';
import { plainRefusal } from '../http/reply.ts';
import { validate } from '../http/validate.ts';
import type { Simulation } from '../simulation.ts';
import { installOnNewLocation } from '../oauth/installs.ts';
import { locationSchema, rateLimitSchema } from '../world/records.ts';
import type { Location } from '../world/records.ts';
import type { locationChangeSchema, newLocationSchema, revokeSchema } from './schemas.ts';

type Revocation = z.output<typeof revokeSchema>;

/** Makes tokens stop working at once. Returns how many did. */
export function revokeTokens(sim: Simulation, which: Revocation): number {
  const { tokens, refreshGrants } = sim.world;
  const names = (key: string, held: { companyId: string; locationId?: string | undefined }): boolean =>
    key === which.token ||
    (which.locationId !== undefined && held.locationId === which.locationId) ||
    (which.companyId !== undefined && held.companyId === which.companyId);
  let revoked = 0;
  for (const [key, token] of tokens) if (names(key, token) && tokens.delete(key)) revoked += 1;
  for (const [key, grant] of refreshGrants) {
    const named = key === which.token || (which.withRefresh && names(key, grant));
    if (named && refreshGrants.delete(key)) revoked += 1;
  }
  return revoked;
}

/** A person opens a sub-account. LocationCreate tells the agency, and INSTALL the apps it has for future locations. */
export function addLocation(sim: Simulation, given: z.output<typeof newLocationSchema>): Location {
  const dateAdded = sim.clock.now().toISOString();
  const location = validate(locationSchema, { id: sim.random.id(), dateAdded, ...given });
  const { id, companyId, name, email } = location;
  sim.world.locations.set(id, location);
  sim.emitter.emit({ type: 'LocationCreate', companyId, fields: { id, name, ...(email ? { email } : {}) } });
  installOnNewLocation(sim, location);
  return location;
}

/** Suspends or revives a location, or changes its settings and limits. Raises 400 where it is not known. */
export function changeLocation(
  sim: Simulation,
  locationId: string,
  change: z.output<typeof locationChangeSchema>,
): void {
  const location = sim.world.locations.get(locationId);
  if (!location) throw plainRefusal(400, `Location with id ${locationId} not found`);
  const { settings } = location;
  sim.world.locations.set(locationId, {
    ...location,
    active: change.active ?? location.active,
    settings: {
      allowDuplicateContact: change.settings?.allowDuplicateContact ?? settings.allowDuplicateContact,
      allowDuplicateOpportunity: change.settings?.allowDuplicateOpportunity ?? settings.allowDuplicateOpportunity,
      dedupe: change.settings?.dedupe ?? settings.dedupe,
    },
    rateLimit: change.rateLimit
      ? rateLimitSchema.parse({ ...location.rateLimit, ...change.rateLimit })
      : location.rateLimit,
  });
}

import type { z } from 'zod';
import { plainRefusal } from '../../http/reply.ts';
import { installOnNewLocation } from '../../oauth/installs.ts';
import type { Simulation } from '../../simulation.ts';
import { locationSchema } from '../../world/records.ts';
import type { Location } from '../../world/records.ts';
import { beginLoading } from '../snapshots/loading.ts';
import { getSnapshot } from '../snapshots/lookup.ts';
import { applyLocation } from './location-input.ts';
import type { locationCreateSchema, locationUpdateSchema } from './location-input.ts';

const sandboxLocations = 2;

/**
 * Makes a location, announces it, installs there what comes to future locations, and begins to load its snapshot.
 * Raises 403 where the agency's plan does not allow it, 400 for the third one of a sandbox or an unknown snapshot.
 */
export function createLocation(sim: Simulation, body: z.output<typeof locationCreateSchema>): Location {
  refuseWrongPlan(sim, body.companyId);
  refuseSandbox(sim, body.companyId);
  const snapshot = body.snapshotId ? getSnapshot(sim, body.companyId, body.snapshotId) : undefined;
  const dateAdded = sim.clock.now().toISOString();
  const blank = locationSchema.parse({ id: sim.random.id(), companyId: body.companyId, dateAdded });
  const location = applyLocation(blank, body);
  sim.world.locations.set(location.id, location);
  announce(sim, 'LocationCreate', location);
  installOnNewLocation(sim, location);
  if (snapshot) beginLoading(sim, snapshot, location.id, false);
  return location;
}

/** Writes fields over a location, announces that, and loads the snapshot named. Raises 400 for an unknown snapshot. */
export function updateLocation(
  sim: Simulation,
  before: Location,
  body: z.output<typeof locationUpdateSchema>,
): Location {
  const snapshot = body.snapshot && getSnapshot(sim, before.companyId, body.snapshot.id);
  const location = applyLocation(before, body);
  sim.world.locations.set(location.id, location);
  announce(sim, 'LocationUpdate', location);
  if (snapshot) beginLoading(sim, snapshot, location.id, body.snapshot?.override ?? false);
  return location;
}

/** A person removes a location: its installs and tokens end with it. No event tells of that. */
export function deleteLocation(sim: Simulation, location: Location): void {
  const { locations, installs, tokens, refreshGrants } = sim.world;
  locations.delete(location.id);
  for (const held of [installs, tokens, refreshGrants]) {
    for (const [key, record] of held) if (record.locationId === location.id) held.delete(key);
  }
}

/** Raises the 403 of an agency whose plan is not the highest. (The wording is that of the published description.) */
export function refuseWrongPlan(sim: Simulation, companyId: string): void {
  const plan = sim.world.companies.get(companyId)?.plan ?? 'agency-pro';
  if (plan !== 'agency-pro') throw plainRefusal(403, 'This feature is only available on Agency Pro ($497) plan.');
}

function refuseSandbox(sim: Simulation, companyId: string): void {
  if (!sim.world.companies.get(companyId)?.sandbox) return;
  const count = [...sim.world.locations.values()].filter((location) => location.companyId === companyId).length;
  if (count < sandboxLocations) return;
  throw plainRefusal(
    400,
    `Only ${sandboxLocations} locations are allowed for this company, as this is a sandbox agency.`,
  );
}

/** Events of the agency, not of the location: they name the company. */
function announce(sim: Simulation, type: string, { id, companyId, name, email }: Location): void {
  sim.emitter.emit({ type, companyId, fields: { id, companyId, name, ...(email ? { email } : {}) } });
}

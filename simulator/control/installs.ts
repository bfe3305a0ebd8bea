import type { z } from 'zod';
import { plainRefusal } from '../http/reply.ts';
import type { Simulation } from '../simulation.ts';
import type { App } from '../world/records.ts';
import { firstClientId } from '../world/seed.ts';
import { appIdOf, installKey } from '../world/world.ts';
import type { installRequestSchema } from './schemas.ts';

type InstallRequest = z.output<typeof installRequestSchema>;

/**
 * A person installs the app on a location, or on a whole agency (then on each of its locations). Fires INSTALL, which may
 * well arrive before the returned code is exchanged.
 */
export function install(sim: Simulation, request: InstallRequest): { code: string } {
  const { app, companyId, locationIds } = resolve(sim, request);
  const { clientId } = app;
  const installedAt = sim.clock.now().toISOString();
  for (const locationId of locationIds) {
    sim.world.installs.set(installKey(clientId, locationId), { clientId, companyId, locationId, installedAt });
  }
  const code = sim.random.uuid('code').replaceAll('-', '');
  const { locationId, userId } = request;
  sim.world.codes.set(code, {
    code,
    class: locationId ? 'Location' : 'Company',
    clientId,
    companyId,
    locationId,
    userId,
  });
  if (!locationId)
    announce(sim, app, 'INSTALL', companyId, undefined, installFields(sim, app, companyId, undefined, userId));
  for (const each of locationIds)
    announce(sim, app, 'INSTALL', companyId, each, installFields(sim, app, companyId, each, userId));
  return { code };
}

/** A person removes the app: its tokens there stop working and UNINSTALL fires. */
export function uninstall(sim: Simulation, request: InstallRequest): void {
  const { app, companyId, locationIds } = resolve(sim, request);
  const { world } = sim;
  for (const locationId of locationIds) world.installs.delete(installKey(app.clientId, locationId));
  const ends = (held: { clientId: string; companyId: string; locationId?: string | undefined }): boolean =>
    held.clientId === app.clientId &&
    (request.locationId ? held.locationId === request.locationId : held.companyId === companyId);
  for (const [key, token] of world.tokens) if (token.kind === 'oauth' && ends(token)) world.tokens.delete(key);
  for (const [key, grant] of world.refreshGrants) if (ends(grant)) world.refreshGrants.delete(key);
  announce(sim, app, 'UNINSTALL', companyId, request.locationId, {});
}

function resolve(sim: Simulation, request: InstallRequest): { app: App; companyId: string; locationIds: string[] } {
  const { apps, locations } = sim.world;
  const app = apps.get(request.clientId ?? firstClientId(sim));
  const companyId = request.locationId ? locations.get(request.locationId)?.companyId : request.companyId;
  if (!app || !companyId) throw plainRefusal(400, 'unknown app, location or company');
  const ofCompany = [...locations.values()].filter((location) => location.companyId === companyId);
  return { app, companyId, locationIds: request.locationId ? [request.locationId] : ofCompany.map(({ id }) => id) };
}

function installFields(
  sim: Simulation,
  app: App,
  companyId: string,
  locationId: string | undefined,
  userId: string | undefined,
): Record<string, unknown> {
  return {
    companyId,
    installType: locationId ? 'Location' : 'Company',
    ...(userId ? { userId } : {}),
    companyName: sim.world.companies.get(companyId)?.name ?? '',
    isWhitelabelCompany: false,
    planId: appIdOf(app.clientId),
    trial: { onTrial: false, trialDuration: 0 },
  };
}

function announce(
  sim: Simulation,
  app: App,
  type: string,
  companyId: string,
  locationId: string | undefined,
  fields: Record<string, unknown>,
): void {
  sim.emitter.emit({ type, companyId, locationId, fields, onlyTo: app });
}

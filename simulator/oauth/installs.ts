import { plainRefusal } from '../http/reply.ts';
import type { Simulation } from '../simulation.ts';
import type { App, Location } from '../world/records.ts';
import { firstClientId } from '../world/seed.ts';
import { appIdOf, installKey } from '../world/world.ts';

/**
 * Who installs which app where: a sub-account's user on `locationId`; an agency's user on `locationIds`, on all locations
 * without them, and on later ones where told so.
 */
export interface InstallRequest {
  clientId?: string | undefined;
  companyId?: string | undefined;
  locationId?: string | undefined;
  locationIds?: string[] | undefined;
  installToFutureLocations?: boolean | undefined;
  userId?: string | undefined;
}

/**
 * A person installs the app. Fires INSTALL, which may well arrive before the returned code is exchanged.
 * Raises 400 for an unknown app, agency or location, and for an agency's app on a location.
 */
export function install(sim: Simulation, request: InstallRequest): { code: string } {
  const { app, companyId } = resolve(sim, request);
  const { locationId, userId } = request;
  const { clientId } = app;
  if (locationId && app.target === 'Company') throw plainRefusal(400, 'the app is made for agencies');
  if (!locationId) installOnAgency(sim, app, companyId, request);
  else installOnLocation(sim, app, companyId, locationId, { userId });

  const code = sim.random.uuid('code').replaceAll('-', '');
  const { codeLifetimeMs } = sim.behaviour;
  sim.world.codes.set(code, {
    code,
    class: locationId ? 'Location' : 'Company',
    clientId,
    companyId,
    locationId,
    userId,
    expiresAtMs: codeLifetimeMs === null ? null : sim.clock.nowMs() + codeLifetimeMs,
  });
  return { code };
}

function installOnAgency(sim: Simulation, app: App, companyId: string, request: InstallRequest): void {
  const { clientId } = app;
  const { locationIds, userId } = request;
  const installedAt = sim.clock.now().toISOString();
  sim.world.agencyInstalls.set(installKey(clientId, companyId), {
    clientId,
    companyId,
    userId,
    installedAt,
    approveAllLocations: locationIds === undefined,
    installToFutureLocations: request.installToFutureLocations ?? locationIds === undefined,
  });
  announce(sim, app, 'INSTALL', companyId, undefined, installFields(sim, app, companyId, undefined, userId));
  if (app.target === 'Company') return;
  const chosen = locationIds ?? locationsOf(sim, companyId).map(({ id }) => id);
  for (const each of chosen) installOnLocation(sim, app, companyId, each, { userId });
}

/** An app that an agency has installed for future locations comes onto a new one by itself, and INSTALL says so. */
export function installOnNewLocation(sim: Simulation, location: Location): void {
  const { agencyInstalls, apps } = sim.world;
  for (const { clientId, companyId, installToFutureLocations, userId } of agencyInstalls.values()) {
    const app = apps.get(clientId);
    if (!app || app.target === 'Company' || companyId !== location.companyId || !installToFutureLocations) continue;
    installOnLocation(sim, app, companyId, location.id, { userId, isAutomatic: true });
  }
}

function installOnLocation(
  sim: Simulation,
  app: App,
  companyId: string,
  locationId: string,
  how: { userId?: string | undefined; isAutomatic?: boolean },
): void {
  const { clientId } = app;
  const installedAt = sim.clock.now().toISOString();
  sim.world.installs.set(installKey(clientId, locationId), { clientId, companyId, locationId, installedAt });
  const { companyId: named, userId, ...fields } = installFields(sim, app, companyId, locationId, how.userId);
  const isNamed = !how.isAutomatic || sim.behaviour.autoInstallNamesCompany;
  const who = isNamed ? { companyId: named, ...(userId ? { userId } : {}) } : {};
  announce(sim, app, 'INSTALL', companyId, locationId, { ...who, ...fields });
}

/** A person removes the app: its tokens there stop working and UNINSTALL fires. Raises 400 for what is not known. */
export function uninstall(sim: Simulation, request: InstallRequest): void {
  const { app, companyId } = resolve(sim, request);
  const { world } = sim;
  const { locationId } = request;
  const ends = (held: { clientId: string; companyId: string; locationId?: string | undefined }): boolean =>
    held.clientId === app.clientId && (locationId ? held.locationId === locationId : held.companyId === companyId);
  for (const [key, held] of world.installs) if (ends(held)) world.installs.delete(key);
  if (!locationId) world.agencyInstalls.delete(installKey(app.clientId, companyId));
  for (const [key, token] of world.tokens) if (token.kind === 'oauth' && ends(token)) world.tokens.delete(key);
  for (const [key, grant] of world.refreshGrants) if (ends(grant)) world.refreshGrants.delete(key);
  announce(sim, app, 'UNINSTALL', companyId, locationId, {});
}

/** A person changes the paid plan of the app on a location; PLAN_CHANGE says so. Raises 400 where it is not installed. */
export function changePlan(
  sim: Simulation,
  request: { clientId?: string | undefined; locationId: string; newPlanId: string; userId?: string | undefined },
): void {
  const { app, companyId } = resolve(sim, request);
  const { locationId, newPlanId, userId } = request;
  const key = installKey(app.clientId, locationId);
  const installed = sim.world.installs.get(key);
  if (!installed) throw plainRefusal(400, 'App is not installed on this location');
  const currentPlanId = installed.planId ?? appIdOf(app.clientId);
  sim.world.installs.set(key, { ...installed, planId: newPlanId });
  const who = userId ? { companyId, userId } : { companyId };
  announce(sim, app, 'PLAN_CHANGE', companyId, locationId, { ...who, currentPlanId, newPlanId });
}

function resolve(sim: Simulation, request: InstallRequest): { app: App; companyId: string } {
  const { apps, locations, companies } = sim.world;
  const app = apps.get(request.clientId ?? firstClientId(sim));
  const companyId = request.locationId ? locations.get(request.locationId)?.companyId : request.companyId;
  const areTheirs = (request.locationIds ?? []).every((id) => locations.get(id)?.companyId === companyId);
  const isKnown = companyId !== undefined && (companies.has(companyId) || locationsOf(sim, companyId).length > 0);
  if (!app || !isKnown || !areTheirs) throw plainRefusal(400, 'unknown app, location or company');
  return { app, companyId };
}

function locationsOf(sim: Simulation, companyId: string): Location[] {
  return [...sim.world.locations.values()].filter((location) => location.companyId === companyId);
}

function installFields(
  sim: Simulation,
  app: App,
  companyId: string,
  locationId: string | undefined,
  userId: string | undefined,
): Record<string, unknown> {
  const company = sim.world.companies.get(companyId);
  const domain = company?.whitelabelDomain;
  return {
    companyId,
    installType: locationId ? 'Location' : 'Company',
    ...(userId ? { userId } : {}),
    companyName: company?.name ?? '',
    isWhitelabelCompany: domain !== undefined,
    ...(domain === undefined ? {} : { whitelabelDetails: { domain, logoUrl: `https://${domain}/logo.png` } }),
    planId: appIdOf(app.clientId),
    trial: { onTrial: false, trialDuration: 0, trialStartDate: sim.clock.now().toISOString() },
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

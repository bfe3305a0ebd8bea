import type { Simulation } from '../../simulation.ts';
import type { Location } from '../../world/records.ts';
import { appIdOf, installKey } from '../../world/world.ts';

/** Installs on a new location every app that its agency has, and fires INSTALL to it. */
export function installOnFutureLocation(sim: Simulation, { id: locationId, companyId }: Location): void {
  const { apps, installs, companies } = sim.world;
  for (const app of apps.values()) {
    const { clientId } = app;
    const isAgencys = [...installs.values()].some(
      (install) => install.clientId === clientId && install.companyId === companyId,
    );
    const key = installKey(clientId, locationId);
    if (!isAgencys || installs.has(key)) continue;
    installs.set(key, { clientId, companyId, locationId, installedAt: sim.clock.now().toISOString() });
    const fields = {
      installType: 'Location',
      ...(sim.behaviour.futureInstallNamesCompany ? { companyId } : {}),
      companyName: companies.get(companyId)?.name ?? '',
      isWhitelabelCompany: false,
      planId: appIdOf(clientId),
      trial: { onTrial: false, trialDuration: 0 },
    };
    sim.emitter.emit({ type: 'INSTALL', companyId, locationId, fields, onlyTo: app });
  }
}

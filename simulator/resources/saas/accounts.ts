import { plainRefusal } from '../../http/reply.ts';
import type { Simulation } from '../../simulation.ts';
import type { SaasAccount } from '../../world/business-records.ts';
import { refuseWrongPlan } from '../accounts/location-writes.ts';

/** What is said of a location when SaaS is enabled for it. */
export interface SaasInput {
  isSaaSV2: boolean;
  saasPlanId?: string | undefined;
  priceId?: string | undefined;
  stripeCustomerId?: string | undefined;
}

/** Enables SaaS for a location, again if need be. Raises 403 on a lower plan, 400 for an unknown SaaS plan. */
export function enableSaas(sim: Simulation, companyId: string, locationId: string, input: SaasInput): SaasAccount {
  refuseWrongPlan(sim, companyId);
  const { saasPlanId, priceId, stripeCustomerId, isSaaSV2 } = input;
  if (saasPlanId && sim.world.saasPlans.get(saasPlanId)?.companyId !== companyId) {
    throw plainRefusal(400, `SaaS plan with id ${saasPlanId} not found`);
  }
  const known = sim.world.saasAccounts.get(locationId);
  const account: SaasAccount = {
    id: locationId,
    locationId,
    companyId,
    enabled: true,
    paused: false,
    isSaaSV2,
    customerId: stripeCustomerId ?? known?.customerId ?? `cus_${sim.random.id()}`,
    subscriptionId: known?.subscriptionId ?? `sub_${sim.random.id()}`,
    subscriptionStatus: 'active',
    setup: 'activated',
    attachedRebillingConfig: known?.attachedRebillingConfig ?? {},
    rebilling: known?.rebilling ?? {},
    ...(saasPlanId ? { saasPlanId } : {}),
    ...(priceId ? { priceId } : {}),
  };
  sim.world.saasAccounts.set(locationId, account);
  return account;
}

/** Writes fields over the SaaS side of a location. Raises 403 on a lower plan, 400 where SaaS is not enabled. */
export function changeSaas(
  sim: Simulation,
  companyId: string,
  locationId: string,
  change: Partial<Omit<SaasAccount, 'id' | 'locationId' | 'companyId'>>,
): SaasAccount {
  refuseWrongPlan(sim, companyId);
  const account = { ...getSaas(sim, locationId), ...change };
  sim.world.saasAccounts.set(locationId, account);
  return account;
}

/** Returns the SaaS side of a location. Raises 400 where SaaS is not enabled. */
export function getSaas(sim: Simulation, locationId: string): SaasAccount {
  const account = sim.world.saasAccounts.get(locationId);
  if (!account?.enabled) throw plainRefusal(400, 'SaaS is not enabled for this location');
  return account;
}

/** The subscription of a location, as the API shows it. */
export function viewSaas(account: SaasAccount): Record<string, unknown> {
  const { locationId, companyId, isSaaSV2, saasPlanId, priceId } = account;
  const { customerId, subscriptionId, subscriptionStatus } = account;
  const shown = {
    locationId,
    companyId,
    isSaaSV2,
    saasPlanId,
    priceId,
    customerId,
    subscriptionId,
    subscriptionStatus,
  };
  return { ...shown, saasMode: isSaaSV2 ? 'saasV2' : 'saasV1' };
}

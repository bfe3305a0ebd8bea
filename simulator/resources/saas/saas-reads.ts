import { checkCompany } from '../../http/access.ts';
import { ok, okBare, plainRefusal } from '../../http/reply.ts';
import type { Reply } from '../../http/reply.ts';
import type { Call, Route } from '../../http/route.ts';
import { validate } from '../../http/validate.ts';
import type { SaasAccount } from '../../world/business-records.ts';
import { getPathLocation } from '../accounts/owned.ts';
import { getSaas, viewSaas } from './accounts.ts';
import { companyQuerySchema, locationsQuerySchema, pageQuerySchema } from './input.ts';

const pageLength = 10;

/** The reads of SaaS, under both prefixes alike. */
export const saasReadRoutes: Route[] = ['/saas-api/public-api', '/saas'].flatMap((prefix) => {
  const route = (path: string, scope: string, handle: (call: Call) => Reply): Route => ({
    access: 'agency',
    scope,
    method: 'get',
    path: `${prefix}/${path}`,
    handle,
  });
  return [
    route('agency-plans/:companyId', 'saas/company.read', (call) => {
      const companyId = companyIn(call);
      return okBare(call.sim.world.saasPlans.listBy('companyId', companyId).map(viewPlan));
    }),
    route('saas-plan/:planId', 'saas/company.read', (call) => {
      const { companyId } = validate(companyQuerySchema, call.query);
      checkCompany(call, companyId);
      const plan = call.sim.world.saasPlans.get(call.params['planId'] ?? '');
      if (plan?.companyId !== companyId) throw plainRefusal(404, 'SaaS plan not found');
      return ok({ ...viewPlan(plan), companyId });
    }),
    route('get-saas-subscription/:locationId', 'saas/location.read', (call) => {
      checkCompany(call, validate(companyQuerySchema, call.query).companyId);
      return ok(viewSaas(getSaas(call.sim, getPathLocation(call).id)));
    }),
    route('saas-locations/:companyId', 'saas/company.read', (call) => {
      const { page } = validate(pageQuerySchema, call.query);
      const all = enabledOf(call, companyIn(call));
      const totalPages = Math.ceil(all.length / pageLength);
      const rows = all.slice((page - 1) * pageLength, page * pageLength);
      const pagination = { page, limit: pageLength, total: all.length, totalPages };
      return ok({
        locations: rows.map(viewSaas),
        pagination: { ...pagination, hasNext: page < totalPages, hasPrev: page > 1 },
      });
    }),
    route('locations', 'saas/location.read', (call) => {
      const { companyId, customerId, subscriptionId } = validate(locationsQuerySchema, call.query);
      checkCompany(call, companyId);
      const found = enabledOf(call, companyId).filter(
        (account) =>
          (!customerId || account.customerId === customerId) &&
          (!subscriptionId || account.subscriptionId === subscriptionId),
      );
      return okBare(found.map(({ locationId }) => locationId));
    }),
  ];
});

function companyIn(call: Call): string {
  const companyId = call.params['companyId'] ?? '';
  checkCompany(call, companyId);
  return companyId;
}

function enabledOf(call: Call, companyId: string): SaasAccount[] {
  return call.sim.world.saasAccounts.listBy('companyId', companyId).filter(({ enabled }) => enabled);
}

function viewPlan({
  id,
  price,
  companyId: _company,
  ...plan
}: {
  id: string;
  companyId: string;
  title: string;
  description: string;
  price: number;
  createdAt: string;
  updatedAt: string;
  snapshotId?: string | undefined;
}): Record<string, unknown> {
  return {
    planId: id,
    ...plan,
    saasProducts: [],
    addOns: [],
    planLevel: 0,
    trialPeriod: 0,
    isSaaSV2: true,
    prices: [
      { id: `price_${id}`, billingInterval: 'month', active: true, amount: price, currency: 'USD', symbol: '$' },
    ],
  };
}

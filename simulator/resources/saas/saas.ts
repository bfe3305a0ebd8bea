import { checkCompany } from '../../http/access.ts';
import { ok, okBare } from '../../http/reply.ts';
import type { Reply } from '../../http/reply.ts';
import type { Call, Route } from '../../http/route.ts';
import { validate } from '../../http/validate.ts';
import { refuseWrongPlan } from '../accounts/location-writes.ts';
import { getPathLocation } from '../accounts/owned.ts';
import { getCallLocation } from '../lookup.ts';
import { changeSaas, enableSaas } from './accounts.ts';
import {
  bulkDisableSchema,
  bulkEnableSchema,
  enableSchema,
  pauseSchema,
  rebillingSchema,
  subscriptionSchema,
} from './input.ts';

type Work = (call: Call, status: number) => Reply;

/** The same calls under two prefixes: the older answers its POSTs with 200, the newer with 201. */
export const saasWriteRoutes: Route[] = [...routesUnder('/saas-api/public-api', 200), ...routesUnder('/saas', 201)];

function routesUnder(prefix: string, status: number): Route[] {
  const route = (method: 'post' | 'put', path: string, scope: string, work: Work): Route => ({
    access: 'agency',
    scope,
    method,
    path: `${prefix}/${path}`,
    handle: (call) => work(call, method === 'put' ? 200 : status),
  });
  return [
    route('post', 'enable-saas/:locationId', 'saas/location.write', enable),
    route('post', 'bulk-enable-saas/:companyId', 'saas/company.write', bulkEnable),
    route('post', 'bulk-disable-saas/:companyId', 'saas/company.write', bulkDisable),
    route('post', 'pause/:locationId', 'saas/location.write', pause),
    route('post', 'update-rebilling/:companyId', 'saas/company.write', updateRebilling),
    route('put', 'update-saas-subscription/:locationId', 'saas/location.write', updateSubscription),
  ];
}

function enable(call: Call, status: number): Reply {
  const { companyId, ...input } = validate(enableSchema, call.body);
  checkCompany(call, companyId);
  const { customerId, subscriptionId } = enableSaas(call.sim, companyId, getPathLocation(call).id, input);
  return ok({ data: { ok: true, customer_id: customerId, subscription_id: subscriptionId } }, status);
}

function bulkEnable(call: Call, status: number): Reply {
  const { locationIds, isSaaSV2, actionPayload } = validate(bulkEnableSchema, call.body);
  const companyId = ownCompany(call, locationIds);
  for (const id of locationIds) enableSaas(call.sim, companyId, id, { isSaaSV2, ...actionPayload });
  return ok({ success: true, message: 'Bulk enable SaaS operation completed successfully' }, status);
}

function bulkDisable(call: Call, status: number): Reply {
  const { locationIds } = validate(bulkDisableSchema, call.body);
  refuseWrongPlan(call.sim, ownCompany(call, locationIds));
  for (const id of locationIds) {
    const account = call.sim.world.saasAccounts.get(id);
    if (account) call.sim.world.saasAccounts.set(id, { ...account, enabled: false, subscriptionStatus: 'canceled' });
  }
  return ok({ data: { msg: 'success' } }, status);
}

function pause(call: Call, status: number): Reply {
  const { paused, companyId } = validate(pauseSchema, call.body);
  checkCompany(call, companyId);
  changeSaas(call.sim, companyId, getPathLocation(call).id, { paused });
  return okBare(true, status);
}

function updateRebilling(call: Call, status: number): Reply {
  const { product, locationIds, config } = validate(rebillingSchema, call.body);
  const companyId = ownCompany(call, locationIds);
  for (const id of locationIds) {
    const rebilling = { ...call.sim.world.saasAccounts.get(id)?.rebilling, [product]: config };
    changeSaas(call.sim, companyId, id, { rebilling });
  }
  return ok({ success: true }, status);
}

function updateSubscription(call: Call, status: number): Reply {
  const { companyId, subscriptionId, customerId } = validate(subscriptionSchema, call.body);
  checkCompany(call, companyId);
  changeSaas(call.sim, companyId, getPathLocation(call).id, { subscriptionId, customerId });
  return okBare('SaaS subscription updated successfully', status);
}

/** Every location named is the agency's own before anything is written. */
function ownCompany(call: Call, locationIds: string[]): string {
  const companyId = call.params['companyId'] ?? '';
  checkCompany(call, companyId);
  for (const id of locationIds) getCallLocation(call, id);
  return companyId;
}

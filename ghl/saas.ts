import type { z } from 'zod';
import type { CompanyCall, GhlCalls } from './calls.ts';
import type { GhlSaasSubscription, rebillingBodySchema, SaasEnableFields } from './saas-schema.ts';

/*
 * Every call here needs the Agency Pro plan and raises GhlForbiddenError `plan` without.
 *
 * GHL publishes them under two prefixes. `/saas` is used: the operations under `/saas-api/public-api` are named
 * "deprecated" in the published specification, and v3 extends `/saas`.
 */

/**
 * What a location pays for. Raises a GhlInvalidError where SaaS is not enabled: look with this before enabling, and
 * after an ambiguous failure of it.
 */
export async function getSaasSubscription(
  ghl: GhlCalls,
  context: CompanyCall,
  ghlLocationId: string,
): Promise<GhlSaasSubscription> {
  const query = { companyId: context.resource.ghlCompanyId };
  return ghl.call('getSaasSubscription', { ...context, path: { ghlLocationId }, query });
}

/** Lets a location be billed by the agency. Not to be repeated blindly: a second subscription may be made and charged. */
export async function enableSaas(
  ghl: GhlCalls,
  context: CompanyCall,
  ghlLocationId: string,
  fields: SaasEnableFields,
): Promise<{ customerId: string | null; subscriptionId: string | null }> {
  const body = { ...fields, companyId: context.resource.ghlCompanyId };
  const { data } = await ghl.call('enableSaas', { ...context, path: { ghlLocationId }, body });
  return { customerId: data?.customer_id ?? null, subscriptionId: data?.subscription_id ?? null };
}

/** Pauses a location for its people, or lets them in again; repeating it changes nothing. */
export async function setSaasPaused(
  ghl: GhlCalls,
  context: CompanyCall,
  ghlLocationId: string,
  paused: boolean,
): Promise<void> {
  const body = { paused, companyId: context.resource.ghlCompanyId };
  await ghl.call('setSaasPaused', { ...context, path: { ghlLocationId }, body });
}

/** Sets what locations pay for one product, `markup` in percent on GHL's price; repeating it changes nothing. */
export async function setRebilling(
  ghl: GhlCalls,
  context: CompanyCall,
  rebilling: z.input<typeof rebillingBodySchema>,
): Promise<void> {
  const path = { ghlCompanyId: context.resource.ghlCompanyId };
  await ghl.call('setRebilling', { ...context, path, body: { ...rebilling } });
}

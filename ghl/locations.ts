import type { CompanyCall, GhlCalls, LocationCall } from './calls.ts';
import type { GhlLocation, LocationCreateFields, LocationUpdateFields } from './location-schema.ts';
import type { Page } from './page.ts';
import { pageByOffset } from './page.ts';

/** The location as GHL has it: its time zone, address and rules for duplicates. */
export async function getLocation(ghl: GhlCalls, context: LocationCall): Promise<GhlLocation> {
  const path = { ghlLocationId: context.resource.ghlLocationId };
  const answer = await ghl.call('getLocation', { ...context, path });
  return answer.location;
}

/** The same by the agency's authority, for a location that has no token of its own yet. */
export async function getLocationOfCompany(
  ghl: GhlCalls,
  context: CompanyCall,
  ghlLocationId: string,
): Promise<GhlLocation> {
  const answer = await ghl.call('getLocation', { ...context, path: { ghlLocationId } });
  return answer.location;
}

/**
 * One page of the agency's locations by name, `limit` (at most 100) of them from `skip` on. GHL tells no total, nor
 * which snapshot a location was made from.
 * @param search `email` finds the locations with exactly this address
 */
export async function searchLocations(
  ghl: GhlCalls,
  context: CompanyCall,
  search: { email?: string; limit: number },
  skip = 0,
): Promise<Page<GhlLocation, number>> {
  const query = {
    companyId: context.resource.ghlCompanyId,
    email: search.email,
    order: 'asc',
    skip: String(skip),
    limit: String(search.limit),
  };
  const answer = await ghl.call('searchLocations', { ...context, query });
  return pageByOffset(answer.locations, skip, search.limit);
}

/**
 * Makes a sub-account, which the agency may be billed for. There is no key that makes it once: look with
 * `searchLocations` first, and after an ambiguous failure. The answer comes before the snapshot is loaded: see
 * `getSnapshotLoad`. SMS from a new location carry GHL's opt-out text for 15 days.
 * @throws GhlForbiddenError `plan` below Agency Pro, `location-limit` in a sandbox; `refused` was once seen for a body
 *   that GHL did not like
 */
export async function createLocation(
  ghl: GhlCalls,
  context: CompanyCall,
  fields: LocationCreateFields,
): Promise<GhlLocation> {
  const body = { ...fields, companyId: context.resource.ghlCompanyId };
  return ghl.call('createLocation', { ...context, body });
}

/**
 * Changes the named fields. A `snapshot` is loaded into the location again with every call that names it, and with
 * `override` writes over what people have changed there since.
 */
export async function updateLocation(
  ghl: GhlCalls,
  context: CompanyCall,
  ghlLocationId: string,
  fields: LocationUpdateFields,
): Promise<GhlLocation> {
  const body = { ...fields, companyId: context.resource.ghlCompanyId };
  return ghl.call('updateLocation', { ...context, path: { ghlLocationId }, body });
}

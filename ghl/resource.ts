/**
 * Whose authority and whose budget a call uses. `locationId` is our id, `ghlLocationId` the one GHL knows; the
 * company's id goes along because a location's token can be minted only by naming its company.
 */
export interface GhlLocationResource {
  kind: 'location';
  agencyId: string;
  ghlCompanyId: string;
  locationId: string;
  ghlLocationId: string;
}

export interface GhlCompanyResource {
  kind: 'company';
  agencyId: string;
  ghlCompanyId: string;
}

export type GhlResource = GhlLocationResource | GhlCompanyResource;

/** One key for each GHL resource: the unit of GHL's rate limits and of its tokens. */
export function resourceKey(resource: GhlResource): string {
  return resource.kind === 'location' ? `location/${resource.ghlLocationId}` : `company/${resource.ghlCompanyId}`;
}

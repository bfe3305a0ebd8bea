import type { InstallPurpose } from '../domain/ghl-scopes.ts';

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

/** A company by its install for work in locations, or by the one for making new ones: another app, with limits of its own. */
export interface GhlCompanyResource {
  kind: 'company';
  agencyId: string;
  ghlCompanyId: string;
  purpose?: InstallPurpose;
}

export type GhlResource = GhlLocationResource | GhlCompanyResource;

/** One key for each GHL resource: the unit of GHL's rate limits and of its tokens. */
export function resourceKey(resource: GhlResource): string {
  if (resource.kind === 'location') return `location/${resource.ghlLocationId}`;
  const company = `company/${resource.ghlCompanyId}`;
  return resource.purpose === 'provisioning' ? `${company}/provisioning` : company;
}

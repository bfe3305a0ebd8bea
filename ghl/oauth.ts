import type { InstallPurpose } from '../domain/ghl-scopes.ts';
import type { CompanyCall, GhlCalls } from './calls.ts';
import type { LocationTokenResponse, TokenResponse } from './oauth-schema.ts';
import type { NewTokens } from './tokens.ts';

/** What an authorisation gave: an agency user may get the company's token for an app of sub-accounts (bulk install). */
export interface OAuthGrant {
  tokens: NewTokens;
  userType: 'Company' | 'Location';
  ghlCompanyId: string | null;
  ghlLocationId: string | null;
  ghlUserId: string | null;
  isBulkInstallation: boolean;
}

/**
 * Trades the code of an OAuth callback for tokens. A code works once: after a lost answer the installation has to be
 * repeated by a person.
 */
export async function exchangeCode(
  ghl: GhlCalls,
  code: { code: string; redirectUri: string; userType?: 'Company' | 'Location'; purpose?: InstallPurpose },
  now: Date,
  signal?: AbortSignal,
): Promise<OAuthGrant> {
  const fields = {
    grant_type: 'authorization_code',
    code: code.code,
    redirect_uri: code.redirectUri,
    ...(code.userType ? { user_type: code.userType } : {}),
  } as const;
  return toGrant(await ghl.requestToken(fields, { purpose: code.purpose, signal }), now);
}

/** Trades a refresh token, which is used up by it, for a new pair. */
export async function refreshGrant(
  ghl: GhlCalls,
  refreshToken: string,
  of: { userType: 'Company' | 'Location'; purpose: InstallPurpose },
  now: Date,
): Promise<OAuthGrant> {
  const fields = { grant_type: 'refresh_token', refresh_token: refreshToken, user_type: of.userType } as const;
  return toGrant(await ghl.requestToken(fields, { purpose: of.purpose }), now);
}

/** Makes a location's token from its company's. Needs an OAuth install of the company: a private token is refused. */
export async function mintLocationToken(
  ghl: GhlCalls,
  context: CompanyCall,
  ghlLocationId: string,
  now: Date,
): Promise<NewTokens> {
  const body = { companyId: context.resource.ghlCompanyId, locationId: ghlLocationId };
  return toTokens(await ghl.call('mintLocationToken', { ...context, body }), now);
}

/** An app's id: its client id up to the first hyphen. */
export const appIdOf = (clientId: string): string => clientId.split('-', 1)[0]!;

/**
 * One page of the locations that have the app of the resource's purpose. The list has no order of time, so a caller
 * compares whole lists. Without an app of ours there are none.
 */
export async function listInstalledLocations(
  ghl: GhlCalls,
  context: CompanyCall,
  page: { skip: number; limit: number },
): Promise<{ ghlLocationId: string; name: string | null; isInstalled: boolean }[]> {
  const appId = ghl.appIds[context.resource.purpose ?? 'locations'];
  if (appId === null) return [];
  const query = {
    companyId: context.resource.ghlCompanyId,
    appId,
    skip: String(page.skip),
    limit: String(page.limit),
    isInstalled: 'true',
  };
  const answer = await ghl.call('listInstalledLocations', { ...context, query });
  return answer.locations.map((location) => ({
    ghlLocationId: location._id,
    name: location.name,
    isInstalled: location.isInstalled ?? true,
  }));
}

function toGrant(response: TokenResponse, now: Date): OAuthGrant {
  return {
    tokens: toTokens(response, now),
    userType: response.userType,
    ghlCompanyId: response.companyId,
    ghlLocationId: response.locationId,
    ghlUserId: response.userId,
    isBulkInstallation: response.isBulkInstallation ?? false,
  };
}

function toTokens(response: LocationTokenResponse, now: Date): NewTokens {
  return {
    accessToken: response.access_token,
    refreshToken: response.refresh_token,
    expiresAt: new Date(now.getTime() + response.expires_in * 1000),
    scopes: response.scope?.split(' ').filter(Boolean) ?? [],
  };
}

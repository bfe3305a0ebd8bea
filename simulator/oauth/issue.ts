import type { Simulation } from '../simulation.ts';
import type { RefreshGrant, Token } from '../world/grants.ts';
import { appIdOf } from '../world/world.ts';
import { everyScope, scopesOf } from './scopes.ts';

/** Whose authority a pair carries. */
export type Authority = Pick<RefreshGrant, 'class' | 'clientId' | 'companyId' | 'locationId' | 'userId' | 'scopes'>;

/** Stores a new access and refresh token. Returns the fields that every token answer of GHL has. */
export function issuePair(sim: Simulation, authority: Authority, lifetimeSeconds: number): Record<string, unknown> {
  const { world, clock, random } = sim;
  const app = world.apps.get(authority.clientId);
  const scopes = authority.scopes ?? scopesOf(app);
  const token: Token = {
    ...authority,
    kind: 'oauth',
    token: jwtLike(sim, authority),
    scopes,
    expiresAtMs: clock.nowMs() + lifetimeSeconds * 1000,
  };
  const grant: RefreshGrant = {
    ...authority,
    refreshToken: `${random.uuid('token')}${random.uuid('token')}`.replaceAll('-', ''),
    usedAtMs: null,
    successor: null,
  };
  world.tokens.set(token.token, token);
  world.refreshGrants.set(grant.refreshToken, grant);
  return {
    access_token: token.token,
    token_type: 'Bearer',
    expires_in: lifetimeSeconds,
    refresh_token: grant.refreshToken,
    scope: (scopes ?? everyScope).join(' '),
    ...(authority.locationId ? { locationId: authority.locationId } : {}),
    userId: authority.userId ?? random.id(),
    planId: random.id(),
  };
}

/** Tokens look like JWTs with the claims seen in the wild; nothing verifies them, the store decides. */
function jwtLike(sim: Simulation, authority: Authority): string {
  const authClassId = authority.locationId ?? authority.companyId;
  const claims = {
    authClass: authority.class,
    authClassId,
    source: 'INTEGRATION',
    sourceId: authority.clientId,
    channel: 'OAUTH',
    primaryAuthClassId: authClassId,
    oauthMeta: { client: appIdOf(authority.clientId) },
    iat: Math.floor(sim.clock.nowMs() / 1000),
  };
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const tail = Buffer.from(sim.random.uuid('token')).toString('base64url');
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.${tail}`;
}

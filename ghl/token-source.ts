import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Lane } from '../domain/ghl-budget.ts';
import { GhlAuthExpiredError, GhlForbiddenError, GhlUnavailableError } from './errors.ts';
import type { GhlLog } from './log.ts';
import type { OAuthGrant } from './oauth.ts';
import type { GhlLocationResource, GhlResource } from './resource.ts';
import { resourceKey } from './resource.ts';
import type { GhlInstall, NewTokens, TokenStore } from './tokens.ts';

export interface TokenSourceDeps {
  store: TokenStore;
  refresh: (refreshToken: string, install: Pick<GhlInstall, 'userType' | 'purpose'>) => Promise<OAuthGrant>;
  mint: (resource: GhlLocationResource, lane: Lane) => Promise<NewTokens>;
  log: GhlLog;
  now: () => Date;
  /** How long an install is believed without being read again; 0 for not at all. */
  rememberedMs: number;
}

export interface TokenRequest {
  resource: GhlResource;
  operation: string;
  lane: Lane;
  /** The token that GHL has just refused as expired, if any. */
  refusedToken?: string;
}

/** Long enough for two tries of a refresh, short enough that a survivor still meets GHL's 30 s of grace. */
const LEASE_MS = 12_000;
const LEASE_WAIT_MS = 20_000;
const LEASE_POLL_MS = 100;
const REFRESH_MARGIN_MS = 60_000;
/** Installs made together do not expire together: each is refreshed at its own moment within this time. */
const REFRESH_SPREAD_MS = 10 * 60_000;
const INACTIVE_PAUSE_MS = 15 * 60_000;
/** Installs that a process remembers at most. */
const REMEMBERED = 1_000;

/**
 * Gives access tokens and renews them: one refresh at a time for each install, in this process and across processes.
 * Whoever does not get the lease waits for the other's result and never refreshes the same token again. A token that works
 * is remembered for a moment, because the steps of a lead ask for it several times; one that GHL refuses, or that
 * is renewed or given up here, is forgotten at once, and what another process does counts when the moment is over.
 */
export function createTokenSource(deps: TokenSourceDeps): { getToken(request: TokenRequest): Promise<string> } {
  const { store, now } = deps;
  const owner = randomUUID();
  const underWay = new Map<string, Promise<GhlInstall>>();
  const remembered =
    deps.rememberedMs > 0
      ? new LRUCache<string, GhlInstall>({ max: REMEMBERED, ttl: deps.rememberedMs, ttlResolution: 0 })
      : undefined;

  /** Raises GhlAuthExpiredError, GhlForbiddenError and what the renewal raises. */
  async function getToken(request: TokenRequest): Promise<string> {
    const key = `${request.resource.agencyId}/${resourceKey(request.resource)}`;
    const known = remembered?.get(key);
    if (known && known.accessToken !== request.refusedToken && isFresh(known)) return known.accessToken;
    remembered?.delete(key);
    const install = await findWorking(request);
    if (install.status === 'active') remembered?.set(key, install);
    return install.accessToken;
  }

  /** The install of a request with a token that is good, as far as is known: made or renewed where that is needed. */
  async function findWorking(request: TokenRequest): Promise<GhlInstall> {
    const install = await store.findInstall(request.resource);
    if (!install) {
      const { resource } = request;
      if (resource.kind === 'company') throw forbidden(request, 'not-installed');
      return once(resourceKey(resource), () => mintLocation(resource, request, null));
    }
    assertUsable(install, request);
    const isRefused = install.accessToken === request.refusedToken;
    if (install.kind === 'pit') {
      if (!isRefused) return install;
      await giveUp(install, 'private-token-refused');
      throw authExpired(request, 'private-token-refused');
    }
    if (!isRefused && isFresh(install)) return install;
    return once(install.installId, () => renew(install, request));
  }

  /** Joins work of the same key that is under way in this process. */
  async function once(key: string, work: () => Promise<GhlInstall>): Promise<GhlInstall> {
    const running = underWay.get(key);
    if (running) return running;
    const started = work().finally(() => underWay.delete(key));
    underWay.set(key, started);
    return started;
  }

  async function renew(stale: GhlInstall, request: TokenRequest): Promise<GhlInstall> {
    const deadlineMs = now().getTime() + LEASE_WAIT_MS;
    while (!(await store.tryLeaseRefresh(stale, owner, LEASE_MS, now()))) {
      if (now().getTime() > deadlineMs) {
        throw new GhlUnavailableError({ operation: request.operation, reason: 'refresh-busy', ambiguous: false });
      }
      await sleep(LEASE_POLL_MS + Math.random() * LEASE_POLL_MS);
      const current = await getUsable(request);
      if (current.tokenVersion !== stale.tokenVersion) return current;
    }
    try {
      // Another process may have finished between our look and our lease.
      const current = await getUsable(request);
      if (current.tokenVersion !== stale.tokenVersion) return current;
      return await renewUnderLease(current, request);
    } finally {
      await store.releaseRefresh(stale, owner);
    }
  }

  async function renewUnderLease(install: GhlInstall, request: TokenRequest): Promise<GhlInstall> {
    try {
      if (!install.refreshToken) return await mintAgain(install, request, 'no-refresh-token');
      const { tokens } = await refreshWithGrace(install.refreshToken, install);
      // Stored before it is used: a pair that is lost cannot be had again.
      const isSaved = await store.saveTokens(install, install.tokenVersion, tokens, now());
      deps.log.info({ agencyId: install.agencyId, installId: install.installId, isSaved }, 'GHL tokens refreshed');
      return await getUsable(request);
    } catch (error) {
      if (error instanceof GhlForbiddenError && error.reason === 'location-inactive') {
        await store.pauseInstall(install, error.reason, new Date(now().getTime() + INACTIVE_PAUSE_MS));
      }
      if (!(error instanceof GhlAuthExpiredError) || error.operation !== 'requestToken') throw error;
      const latest = await store.findInstall(request.resource);
      if (latest && latest.tokenVersion !== install.tokenVersion) return latest;
      return await mintAgain(install, request, error.reason);
    }
  }

  /** GHL answers the same pair to the same refresh token for 30 s: a lost answer is asked for once more. */
  async function refreshWithGrace(refreshToken: string, install: GhlInstall): Promise<OAuthGrant> {
    try {
      return await deps.refresh(refreshToken, install);
    } catch (error) {
      if (!(error instanceof GhlUnavailableError) || !error.ambiguous) throw error;
      return deps.refresh(refreshToken, install);
    }
  }

  /** The way back when a location's refresh token is of no use: its company's authority, where there is one. */
  async function mintAgain(install: GhlInstall, request: TokenRequest, reason: string): Promise<GhlInstall> {
    const { resource } = request;
    if (resource.kind === 'location' && (await hasCompanyInstall(resource))) {
      return mintLocation(resource, request, install.tokenVersion);
    }
    await giveUp(install, reason);
    throw authExpired(request, reason);
  }

  async function giveUp(install: GhlInstall, reason: string): Promise<void> {
    await store.markNeedsReauth(install, reason, now());
    const { agencyId, locationId, installId } = install;
    const alert = 'install-needs-reauth';
    deps.log.error({ alert, agencyId, locationId, installId, reason }, 'a GHL install must be connected again');
  }

  async function hasCompanyInstall(resource: GhlLocationResource): Promise<boolean> {
    const { agencyId, ghlCompanyId } = resource;
    const company = await store.findInstall({ kind: 'company', agencyId, ghlCompanyId });
    return company?.kind === 'oauth' && company.status === 'active';
  }

  async function mintLocation(
    resource: GhlLocationResource,
    request: TokenRequest,
    replaces: number | null,
  ): Promise<GhlInstall> {
    const tokens = await deps.mint(resource, request.lane);
    const { agencyId, locationId, ghlLocationId } = resource;
    const saved = await store.saveLocationInstall({ agencyId, locationId, ghlLocationId, tokens, replaces }, now());
    if (saved) return saved;
    // Another process was quicker, or the app was removed while GHL made this token: what is stored counts.
    const current = await getUsable(request);
    if (isFresh(current)) return current;
    throw new GhlUnavailableError({ operation: request.operation, reason: 'install-changed', ambiguous: false });
  }

  async function getUsable(request: TokenRequest): Promise<GhlInstall> {
    const install = await store.findInstall(request.resource);
    if (!install) throw forbidden(request, 'not-installed');
    assertUsable(install, request);
    return install;
  }

  function assertUsable(install: GhlInstall, request: TokenRequest): void {
    if (install.status === 'uninstalled') throw forbidden(request, 'not-installed');
    if (install.status === 'needs_reauth') throw authExpired(request, 'needs-reauth');
    if (install.pausedUntil && install.pausedUntil > now()) throw forbidden(request, 'location-inactive');
  }

  function isFresh(install: GhlInstall): boolean {
    if (!install.expiresAt) return true;
    const marginMs = REFRESH_MARGIN_MS + spread(install.installId) * REFRESH_SPREAD_MS;
    return install.expiresAt.getTime() - now().getTime() > marginMs;
  }

  return { getToken };
}

/** A number from 0 to 1 that is always the same for the same id. */
function spread(id: string): number {
  let hash = 0;
  for (const character of id) hash = (hash * 31 + character.charCodeAt(0)) % 1009;
  return hash / 1009;
}

function forbidden(request: TokenRequest, reason: string): GhlForbiddenError {
  return new GhlForbiddenError({ operation: request.operation, reason });
}

function authExpired(request: TokenRequest, reason: string): GhlAuthExpiredError {
  return new GhlAuthExpiredError({ operation: request.operation, reason });
}

import type { BudgetState } from '../../domain/ghl-budget.ts';
import { decideBudget, openBudget, settleBudget } from '../../domain/ghl-budget.ts';
import type { BreakerStore } from '../../ghl/breaker.ts';
import type { BudgetStore } from '../../ghl/budget.ts';
import { resourceKey } from '../../ghl/resource.ts';
import type { GhlResource } from '../../ghl/resource.ts';
import type { GhlInstall, TokenStore } from '../../ghl/tokens.ts';

export interface MemoryTokenStore extends TokenStore {
  put(resource: GhlResource, install: Partial<GhlInstall> & { accessToken: string }): void;
  get(resource: GhlResource): GhlInstall;
  /** Reasons of installs marked or paused, in order. */
  marks: string[];
}

/** A token store with the promises of the real one: one lease at a time, pairs saved by compare-and-set. */
export function createMemoryTokenStore(): MemoryTokenStore {
  const installs = new Map<string, GhlInstall>();
  const leases = new Map<string, { owner: string; untilMs: number }>();
  const marks: string[] = [];

  const change = (installId: string, with_: Partial<GhlInstall>): void => {
    for (const [key, install] of installs) {
      if (install.installId === installId) installs.set(key, { ...install, ...with_ });
    }
  };
  const find = (installId: string) => [...installs.values()].find((install) => install.installId === installId);

  return {
    marks,
    put(resource, install) {
      const isLocation = resource.kind === 'location';
      installs.set(resourceKey(resource), {
        installId: `install/${resourceKey(resource)}`,
        agencyId: resource.agencyId,
        locationId: isLocation ? resource.locationId : null,
        purpose: (isLocation ? undefined : resource.purpose) ?? 'locations',
        kind: 'oauth',
        userType: isLocation ? 'Location' : 'Company',
        status: 'active',
        pausedUntil: null,
        refreshToken: null,
        expiresAt: null,
        tokenVersion: 1,
        ...install,
      });
    },
    get(resource) {
      const install = installs.get(resourceKey(resource));
      if (!install) throw new Error('no such install');
      return install;
    },
    async findInstall(resource) {
      return installs.get(resourceKey(resource));
    },
    async tryLeaseRefresh({ installId }, owner, leaseMs, now) {
      const lease = leases.get(installId);
      if (lease && lease.untilMs > now.getTime()) return false;
      leases.set(installId, { owner, untilMs: now.getTime() + leaseMs });
      return true;
    },
    async releaseRefresh({ installId }, owner) {
      if (leases.get(installId)?.owner === owner) leases.delete(installId);
    },
    async saveTokens({ installId }, expectedTokenVersion, tokens) {
      const install = find(installId);
      if (install?.tokenVersion !== expectedTokenVersion || install.status === 'uninstalled') return false;
      const { accessToken, refreshToken, expiresAt } = tokens;
      const tokenVersion = expectedTokenVersion + 1;
      change(installId, { accessToken, refreshToken, expiresAt, tokenVersion, status: 'active', pausedUntil: null });
      return true;
    },
    async saveLocationInstall({ agencyId, locationId, ghlLocationId, tokens, replaces }) {
      const key = `location/${ghlLocationId}`;
      const before = installs.get(key);
      if ((before?.tokenVersion ?? null) !== replaces || before?.status === 'uninstalled') return undefined;
      const install: GhlInstall = {
        installId: `install/${key}`,
        agencyId,
        locationId,
        purpose: 'locations',
        kind: 'oauth',
        userType: 'Location',
        status: 'active',
        pausedUntil: null,
        accessToken: tokens.accessToken,
        refreshToken: tokens.refreshToken,
        expiresAt: tokens.expiresAt,
        tokenVersion: (installs.get(key)?.tokenVersion ?? 0) + 1,
      };
      installs.set(key, install);
      return install;
    },
    async markNeedsReauth({ installId, tokenVersion }, reason) {
      if (find(installId)?.tokenVersion !== tokenVersion) return;
      marks.push(`needs_reauth: ${reason}`);
      change(installId, { status: 'needs_reauth' });
    },
    async pauseInstall({ installId }, reason, until) {
      marks.push(`paused: ${reason}`);
      change(installId, { pausedUntil: until });
    },
  };
}

export function createMemoryBreakerStore(): BreakerStore {
  const openUntil = new Map<string, number>();
  return {
    readOpenUntil: async (group) => openUntil.get(group) ?? null,
    async writeOpenUntil(group, openUntilMs) {
      openUntil.set(group, Math.max(openUntilMs, openUntil.get(group) ?? 0));
    },
  };
}

/** The real rule with its state in memory. */
export function createMemoryBudgetStore(): BudgetStore {
  const states = new Map<string, BudgetState>();
  const stateOf = (resource: GhlResource, now: Date) => states.get(resourceKey(resource)) ?? openBudget(now);
  return {
    async take(resource, lane) {
      const now = new Date();
      const { granted, waitMs, state } = decideBudget(stateOf(resource, now), lane, now);
      states.set(resourceKey(resource), state);
      return granted ? { granted, grant: { lane, atMs: now.getTime() } } : { granted, waitMs };
    },
    settle(resource, grant, observation) {
      const now = new Date();
      states.set(resourceKey(resource), settleBudget(stateOf(resource, now), grant, observation, now));
      return { isNews: false, stored: Promise.resolve() };
    },
  };
}

import type { InstallPurpose } from '../domain/ghl-scopes.ts';
import type { GhlResource } from './resource.ts';

/** The stored authority of an agency or a location, tokens in plain text (the store seals them). */
export interface GhlInstall {
  installId: string;
  agencyId: string;
  locationId: string | null;
  /** Which of our apps its OAuth tokens are of. */
  purpose: InstallPurpose;
  /** A private integration token is static: it is never refreshed. */
  kind: 'oauth' | 'pit';
  userType: 'Company' | 'Location';
  status: 'active' | 'needs_reauth' | 'uninstalled';
  /** Set while GHL says that the location is not active; after it one refresh finds out again. */
  pausedUntil: Date | null;
  accessToken: string;
  refreshToken: string | null;
  expiresAt: Date | null;
  /** Grows with every pair of tokens saved. */
  tokenVersion: number;
}

interface InstallRef {
  installId: string;
  agencyId: string;
}

export interface NewTokens {
  accessToken: string;
  refreshToken: string | null;
  expiresAt: Date;
  scopes: string[];
}

/** The memory of tokens that the gateway needs. No method may keep a lock or a transaction after it has returned. */
export interface TokenStore {
  /** The install that answers for exactly this resource; undefined when it has none of its own. */
  findInstall(resource: GhlResource): Promise<GhlInstall | undefined>;
  /** Takes the right to refresh for `leaseMs`; true for one owner at a time. */
  tryLeaseRefresh(install: InstallRef, owner: string, leaseMs: number, now: Date): Promise<boolean>;
  /** Gives the right back; nothing happens when another owner has it by now. */
  releaseRefresh(install: InstallRef, owner: string): Promise<void>;
  /**
   * Stores a new pair, adds one to the version and makes the install active, if the version is still
   * `expectedTokenVersion` and the app has not been removed meanwhile; returns whether it was.
   */
  saveTokens(install: InstallRef, expectedTokenVersion: number, tokens: NewTokens, now: Date): Promise<boolean>;
  /**
   * Creates the install of a location or replaces its tokens (the version grows), active. Undefined, with nothing
   * changed, when the app has been removed from the location meanwhile, or the install is not the one it was.
   */
  saveLocationInstall(location: NewLocationInstall, now: Date): Promise<GhlInstall | undefined>;
  /**
   * Only a person can help: install again or paste a new token. Changes nothing when the stored version is another one
   * by now, for then that person has been quicker.
   */
  markNeedsReauth(install: InstallRef & { tokenVersion: number }, reason: string, now: Date): Promise<void>;
  /** GHL has switched the location off; nothing is sent for it until then. */
  pauseInstall(install: InstallRef, reason: string, until: Date): Promise<void>;
}

interface NewLocationInstall {
  agencyId: string;
  locationId: string;
  ghlLocationId: string;
  tokens: NewTokens;
  /** The version of the tokens when these were asked for; null where there were none. */
  replaces: number | null;
}

import { type InstallPurpose, scopesOf } from './ghl-scopes.ts';

/** GHL's page on which people install our apps, and where it leads back to. */
export interface GhlDoor {
  authorizeUrl: string;
  /** The same as in GHL's portal. */
  redirectUri: string;
  apps: Record<InstallPurpose, { clientId: string; versionId: string | null } | null>;
}

/**
 * The address of GHL's page for one installation. Spaces between scopes are written `%20`: GHL has been seen not to
 * understand `+`. Without `version_id` the page has been seen to refuse; `loginWindowOpenMode` keeps it in the same tab,
 * with the cookie of whoever began.
 * @returns undefined when there is no app for the purpose
 */
export function authorizeUrl(door: GhlDoor, purpose: InstallPurpose, state: string): string | undefined {
  const app = door.apps[purpose];
  if (app === null) return undefined;
  const parameters = {
    response_type: 'code',
    client_id: app.clientId,
    redirect_uri: door.redirectUri,
    scope: scopesOf(purpose).join(' '),
    ...(app.versionId !== null && { version_id: app.versionId }),
    loginWindowOpenMode: 'self',
    state,
  };
  const url = new URL(door.authorizeUrl);
  const query = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  // A page of one's own can have parameters of its own.
  url.search = [...(url.search === '' ? [] : [url.search.slice(1)]), ...query].join('&');
  return url.href;
}

import type { Request, Response } from 'express';

/** As long as people take on GHL's page: signing in, choosing locations. */
export const CONNECT_WINDOW_MS = 3_600_000;

/** Browsers keep `__Host-` cookies from being set by other hosts of the domain, but take them over https only. */
const nameFor = (isSecure: boolean): string => `${isSecure ? '__Host-' : ''}switchyard_connect`;

const isHttps = (publicUrl: string): boolean => new URL(publicUrl).protocol === 'https:';

/**
 * Lets the browser carry what GHL may not: GHL does not say whether it gives `state` back. `Lax`, because GHL's page
 * leads back from another site.
 */
export function setConnectCookie(res: Response, publicUrl: string, state: string): void {
  const secure = isHttps(publicUrl);
  const maxAge = CONNECT_WINDOW_MS;
  res.cookie(nameFor(secure), state, { httpOnly: true, sameSite: 'lax', secure, path: '/', maxAge });
}

/** The state as this browser was given it. */
export function findConnectCookie(req: Request, publicUrl: string): string | undefined {
  const start = `${nameFor(isHttps(publicUrl))}=`;
  const pairs = (req.get('cookie') ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(start))?.slice(start.length);
}

import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a browser says that a request comes from a page of our own origin, which one that changes something must say:
 * with `SameSite=Lax` alone, a page on another port or subdomain could send it with the cookie.
 * Where there is `Sec-Fetch-Site` it decides; it is not sent over plain http to hosts other than loopback.
 * @param publicUrl the origin by which browsers reach this API
 */
export function isFromOwnOrigin(headers: IncomingHttpHeaders, publicUrl: string): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin, host } = headers;
  if (origin === undefined || !URL.canParse(origin)) return false;
  return origin === new URL(publicUrl).origin || new URL(origin).host === host;
}

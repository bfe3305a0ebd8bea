import type { Request, Response } from 'express';

/** Browsers keep `__Host-` cookies from being set by other hosts of the domain, but take them over https only. */
const nameFor = (publicUrl: string): { name: string; isSecure: boolean } => {
  const isSecure = new URL(publicUrl).protocol === 'https:';
  return { name: isSecure ? '__Host-switchyard_session' : 'switchyard_session', isSecure };
};

const splitCookies = (header: string | undefined): string[] => (header ?? '').split(';').map((pair) => pair.trim());

/** The session's secret as the browser sends it. */
export function findSessionCookie(req: Request, publicUrl: string): string | undefined {
  const start = `${nameFor(publicUrl).name}=`;
  return splitCookies(req.get('cookie'))
    .find((pair) => pair.startsWith(start))
    ?.slice(start.length);
}

/**
 * Gives the browser its session. `Lax` and not `Strict`: a link to a workflow, followed from a chat or a mail, must find
 * the operator signed in, and so must the page that a sign-in link opened there leads to. `Lax` sends the cookie along
 * on such navigations only, which read; whatever changes something must come from our own origin.
 */
export function setSessionCookie(res: Response, publicUrl: string, secret: string, maxAgeMs: number): void {
  const { name, isSecure } = nameFor(publicUrl);
  res.cookie(name, secret, { httpOnly: true, sameSite: 'lax', secure: isSecure, path: '/', maxAge: maxAgeMs });
}

/** The cookies of a request without the session, for whoever must not have it; undefined when none is left. */
export function withoutSessionCookie(header: string | undefined): string | undefined {
  const others = splitCookies(header).filter((pair) => pair !== '' && !/^(__Host-)?switchyard_session=/.test(pair));
  return others.length === 0 ? undefined : others.join('; ');
}

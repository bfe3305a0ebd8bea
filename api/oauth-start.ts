import type { Request, RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import { createConnectSecret, hashConnectSecret, isConnectSecret } from '../crypto/connect-secret.ts';
import { findConnectLinkRef, openConnectLink } from '../db/connect-links.ts';
import type { Database } from '../db/schema.ts';
import { withScope, withSystemRole } from '../db/scope.ts';
import { authorizeUrl, type GhlDoor } from '../domain/authorize-url.ts';
import { setConnectCookie } from './connect-cookie.ts';
import { showConnectProblem } from './oauth-result.ts';
import type { OperatorDoor } from './operator-door.ts';

export interface StartDeps {
  db: Kysely<Database>;
  door: OperatorDoor;
  ghlDoor: GhlDoor;
}

/** A browser that loads ahead, or a program that only looks whether the link leads somewhere, must not use it up. */
const isOnlyALook = (req: Request): boolean =>
  req.method === 'HEAD' || /prefetch|prerender/i.test(`${req.get('sec-purpose') ?? ''} ${req.get('purpose') ?? ''}`);

/**
 * `GET /oauth/ghl/start?link=…`: opens a one-time connect link and leads to GHL's page, with a state that only this
 * browser and GHL know. 401 when the link is unknown, used or over; 409 when there is no app of its kind.
 */
export const startConnecting =
  ({ db, door, ghlDoor }: StartDeps): RequestHandler =>
  async (req, res) => {
    res.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
    if (isOnlyALook(req as Request)) {
      res.status(204).end();
      return;
    }
    const { link } = req.query;
    const hash = typeof link === 'string' && isConnectSecret(link) ? hashConnectSecret(link) : undefined;
    const ref = hash && (await withSystemRole(db, 'intake', (tx) => findConnectLinkRef(tx, { hash })));
    const state = createConnectSecret();
    const purpose =
      ref && (await withScope(db, { agencyId: ref.agencyId }, (tx) => openConnectLink(tx, ref.linkId, state.hash)));
    if (purpose === undefined) return showConnectProblem(req as Request, res, 401, 'link-not-valid');
    const target = authorizeUrl(ghlDoor, purpose, state.secret);
    if (target === undefined) return showConnectProblem(req as Request, res, 409, 'no-app');
    setConnectCookie(res, door.publicUrl, state.secret);
    res.redirect(303, target);
  };

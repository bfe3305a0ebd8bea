import type { Request, RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import { createConnectSecret, hashConnectSecret, isConnectSecret } from '../crypto/connect-secret.ts';
import { type ConnectLinkRef, findConnectLinkRef, findOpenConnectLink, openConnectLink } from '../db/connect-links.ts';
import type { Database } from '../db/schema.ts';
import { withScope, withSystemRole } from '../db/scope.ts';
import { authorizeUrl, type GhlDoor } from '../domain/authorize-url.ts';
import { setConnectCookie } from './connect-cookie.ts';
import { showConnectProblem } from './oauth-result.ts';
import { requireOwnOrigin } from './operator-access.ts';
import type { OperatorDoor } from './operator-door.ts';
import { sendPage } from './operator-pages.ts';

export interface StartDeps {
  db: Kysely<Database>;
  door: OperatorDoor;
  ghlDoor: GhlDoor;
}

/** Who a link belongs to. Whether it can still be opened is asked in the scope of its agency. */
async function findLink(db: Kysely<Database>, req: Request): Promise<ConnectLinkRef | undefined> {
  const { link } = req.query;
  if (typeof link !== 'string' || !isConnectSecret(link)) return undefined;
  return withSystemRole(db, 'intake', (tx) => findConnectLinkRef(tx, { hash: hashConnectSecret(link) }));
}

/**
 * `GET /oauth/ghl/start?link=…`: the page of a one-time connect link, with a button that opens it. Looking at it uses nothing up,
 * for chats and mail filters open the links that pass through them. 401 when the link is unknown, used or over; 409 when there
 * is no app of its kind.
 */
export const showConnectLink =
  ({ db, ghlDoor }: Pick<StartDeps, 'db' | 'ghlDoor'>): RequestHandler =>
  async (req, res) => {
    const ref = await findLink(db, req as Request);
    const purpose =
      ref && (await withScope(db, { agencyId: ref.agencyId }, (tx) => findOpenConnectLink(tx, ref.linkId)));
    if (purpose === undefined) return showConnectProblem(req as Request, res, 401, 'link-not-valid');
    if (ghlDoor.apps[purpose] === null) return showConnectProblem(req as Request, res, 409, 'no-app');
    sendPage(res, 200, {
      title: 'Connect with GHL',
      text: 'The link works once. It leads to GHL, where an administrator of the agency chooses the locations.',
      button: 'Go on to GHL',
    });
  };

/**
 * `POST /oauth/ghl/start?link=…`: opens a one-time connect link and leads to GHL's page, with a state that only this
 * browser and GHL know. 401 when the link is unknown, used or over; 403 for a form of another origin, which could have its
 * visitor connect what somebody else has begun; 409 when there is no app of its kind.
 */
export const startConnecting =
  ({ db, door, ghlDoor }: StartDeps): RequestHandler =>
  async (req, res) => {
    res.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
    requireOwnOrigin(req as Request, door);
    const ref = await findLink(db, req as Request);
    const state = createConnectSecret();
    const purpose =
      ref && (await withScope(db, { agencyId: ref.agencyId }, (tx) => openConnectLink(tx, ref.linkId, state.hash)));
    if (purpose === undefined) return showConnectProblem(req as Request, res, 401, 'link-not-valid');
    const url = authorizeUrl(ghlDoor, purpose, state.secret);
    if (url === undefined) return showConnectProblem(req as Request, res, 409, 'no-app');
    setConnectCookie(res, door.publicUrl, state.secret);
    // By a page and not by a redirect: browsers hold all that a form leads to against `form-action`, and where GHL's page leads
    // on to is not ours to know.
    const leadsTo = { url, link: 'Go on to GHL' };
    sendPage(res, 200, { title: 'On to GHL', text: 'This page leads on by itself.', leadsTo });
  };

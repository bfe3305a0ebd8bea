import type { Request, RequestHandler } from 'express';
import type { KeyProvider } from '../crypto/key-ring.ts';
import { seal } from '../crypto/seal.ts';
import { connectSecretOf, endConnect, type KeptCode, keepCode } from '../db/connect-links.ts';
import { addWork } from '../db/event-capabilities.ts';
import { withScope } from '../db/scope.ts';
import { outcomeOfError } from '../domain/agency-connect.ts';
import type { GhlDoor } from '../domain/authorize-url.ts';
import { CONNECT_WINDOW_MS } from './connect-cookie.ts';
import { type ConnectDeps, findConnecting, RESULT_PATH, showConnectProblem } from './oauth-result.ts';
import { agencyConnectWork } from './work.ts';

export interface CallbackDeps extends Pick<ConnectDeps, 'db' | 'door'> {
  keys: KeyProvider;
  ghlDoor: GhlDoor;
  now: () => Date;
}

const CODE = /^[\x21-\x7e]{1,2048}$/;

/** The page that waits for the outcome starts the workflow; the relay does when nobody looks at the page. */
const RELAY_AFTER_MS = 2_000;

/**
 * `GET /oauth/ghl/callback`: GHL's page leads back here, with a code or an error. The code is stored sealed, with the
 * work of a workflow, before anything else, and the browser goes on to the page of the outcome: the address of that has
 * no code in it, and loading it again sends none. The first code counts. 400 when nobody here began this.
 */
export const takeCode =
  ({ db, door, keys, ghlDoor, now }: CallbackDeps): RequestHandler =>
  async (req, res) => {
    res.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
    const connecting = await findConnecting(db, req as Request, door.publicUrl);
    if (!connecting) return showConnectProblem(req as Request, res, 400, 'state-not-known');
    const { agencyId, linkId, state } = connecting;
    const { code, error } = req.query;
    const result = `${RESULT_PATH}?state=${encodeURIComponent(state)}`;
    if (typeof error === 'string') {
      const end = { outcome: outcomeOfError(error), ghlCompanyId: null, locations: null, now: now() };
      await withScope(db, { agencyId }, (tx) => endConnect(tx, { agencyId, linkId }, end));
      return res.redirect(303, result);
    }
    if (typeof code !== 'string' || !CODE.test(code)) return showConnectProblem(req as Request, res, 400, 'no-code');
    const kept: KeptCode = { code, redirectUri: ghlDoor.redirectUri };
    const sealed = seal(keys, Buffer.from(JSON.stringify(kept)), connectSecretOf(agencyId, 'code'));
    await withScope(db, { agencyId }, async (tx) => {
      if (!(await keepCode(tx, linkId, sealed, CONNECT_WINDOW_MS))) return;
      const dueAt = new Date(now().getTime() + RELAY_AFTER_MS);
      await addWork(tx, [{ ...agencyConnectWork({ agencyId, linkId }), dueAt }]);
    });
    res.redirect(303, result);
  };

import { setTimeout as sleep } from 'node:timers/promises';
import type { Request, RequestHandler, Response } from 'express';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { type SwitchyardClient, TemporalUnavailableError } from '../client.ts';
import { hashConnectSecret, isConnectSecret } from '../crypto/connect-secret.ts';
import { type ConnectLink, type ConnectLinkRef, findConnectLinkRef, getConnectLink } from '../db/connect-links.ts';
import type { Database } from '../db/schema.ts';
import { withScope, withSystemRole } from '../db/scope.ts';
import { explainConnect } from '../domain/agency-connect.ts';
import { findConnectCookie } from './connect-cookie.ts';
import type { OperatorDoor } from './operator-door.ts';
import { sendPage, wantsPage } from './operator-pages.ts';
import { ProblemError } from './problem.ts';
import { describeRequest } from './request-log.ts';

export interface ConnectDeps {
  db: Kysely<Database>;
  door: OperatorDoor;
  client: Pick<SwitchyardClient, 'startAgencyConnect'>;
  logger: Logger;
}

export const RESULT_PATH = '/oauth/ghl/result';

/** How long a page waits for the outcome before it says that it is still at it, and how often it looks. */
const WAIT_MS = 4_000;
const LOOK_MS = 150;
const REFRESH_SECONDS = 3;

const HOW_TO_CONNECT = 'cli agency connect <agency>';

const PROBLEMS = {
  'link-not-valid': {
    title: 'The link does not open',
    text: 'It was used, or is over: each opens once. Make another:',
  },
  'no-app': { title: 'No app is configured', text: 'The API has no GHL client id for this kind of link.' },
  'state-not-known': {
    title: 'Nobody here began this',
    text: 'GHL led back here, but not to an installation that was begun in this browser, or it took too long. Open another link in this browser:',
  },
  'no-code': { title: 'GHL sent no code', text: 'Without it nothing can be connected. Open another link:' },
} as const;

/** Tells a person by a page, and a program by problem details, why connecting cannot go on. */
export function showConnectProblem(req: Request, res: Response, status: number, code: keyof typeof PROBLEMS): void {
  const { title, text } = PROBLEMS[code];
  if (!wantsPage(req)) throw new ProblemError(status, code, { detail: text });
  sendPage(res, status, { title, text, command: HOW_TO_CONNECT });
}

/**
 * Whose installation a browser comes back from. The state that GHL gives back decides; where GHL gives none, the cookie
 * of the browser that began it does. A state that is not ours is never made good by a cookie.
 */
export async function findConnecting(
  db: Kysely<Database>,
  req: Request,
  publicUrl: string,
): Promise<(ConnectLinkRef & { state: string }) | undefined> {
  const given = req.query['state'] ?? findConnectCookie(req, publicUrl);
  if (typeof given !== 'string' || !isConnectSecret(given)) return undefined;
  const stateHash = hashConnectSecret(given);
  const ref = await withSystemRole(db, 'intake', (tx) => findConnectLinkRef(tx, { stateHash }));
  return ref && { ...ref, state: given };
}

/**
 * `GET /oauth/ghl/result`: what became of an installation, as a page. It waits some seconds for the outcome: 200
 * connected, 202 still at it (the page asks again by itself), 409 not connected, and what to do.
 */
export const showConnecting =
  ({ db, door, client, logger }: ConnectDeps): RequestHandler =>
  async (req, res) => {
    const connecting = await findConnecting(db, req as Request, door.publicUrl);
    if (!connecting) return showConnectProblem(req as Request, res, 400, 'state-not-known');
    const { agencyId, linkId } = connecting;
    describeRequest(res, { agencyId });
    const look = () => withScope(db, { agencyId }, (tx) => getConnectLink(tx, linkId));
    let link = await look();
    if (link.outcome === null && link.code_at === null) {
      return showConnectProblem(req as Request, res, 400, 'no-code');
    }
    if (link.outcome === null) {
      try {
        await client.startAgencyConnect({ agencyId, linkId });
      } catch (error) {
        // The inbox has it: the relay starts it as soon as Temporal is back.
        if (!(error instanceof TemporalUnavailableError)) throw error;
        logger.warn({ agencyId }, 'connecting an agency waits for Temporal');
      }
      for (let waitedMs = 0; link.outcome === null && waitedMs < WAIT_MS; waitedMs += LOOK_MS) {
        await sleep(LOOK_MS);
        link = await look();
      }
    }
    showOutcome(res, link);
  };

function showOutcome(res: Response, link: ConnectLink): void {
  const { outcome, purpose, locations } = link;
  if (outcome === null) {
    const text = 'GHL is being asked. This page looks again by itself, and may be closed: nothing depends on it.';
    return sendPage(res, 202, { title: 'Still at it', text, refreshSeconds: REFRESH_SECONDS });
  }
  const told = explainConnect({ outcome, purpose, ghlCompanyId: link.ghl_company_id, locations });
  if (outcome === 'connected') return sendPage(res, 200, told);
  sendPage(res, 409, { ...told, command: HOW_TO_CONNECT });
}

import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express';
import type { Kysely } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { createOperatorSecret, hashOperatorSecret, isOperatorSecret } from '../crypto/operator-secret.ts';
import { isLinkOpen, redeemSignInLink, signInByToken } from '../db/operators.ts';
import type { Database } from '../db/schema.ts';
import { withSystemRole } from '../db/scope.ts';
import { findBearer, HOW_TO_SIGN_IN, requireOwnOrigin } from './operator-access.ts';
import { setSessionCookie } from './operator-cookie.ts';
import { type OperatorDoor, WEB_UI_PATH } from './operator-door.ts';
import { sendPage, wantsPage } from './operator-pages.ts';
import { ProblemError } from './problem.ts';

/** A working day; whoever stays longer signs in again. */
const SESSION_MS = 12 * 3_600_000;

interface SignInDeps {
  db: Kysely<Database>;
  door: OperatorDoor;
  now: () => Date;
}

/** A session that is about to be made. */
function prepareSession(now: () => Date) {
  const { secret, hash } = createOperatorSecret();
  return { secret, row: { id: uuidv7(), hash, expiresAt: new Date(now().getTime() + SESSION_MS) } };
}

function letIn(res: Response, door: OperatorDoor, secret: string, lastsMs: number): void {
  setSessionCookie(res, door.publicUrl, secret, lastsMs);
  res.redirect(303, `${WEB_UI_PATH}/namespaces/${encodeURIComponent(door.namespace)}/workflows`);
}

const OVER = 'This link was used, revoked or is over: each opens once. Make another:';

/**
 * `GET /sign-in/:secret`: the page of a one-time link, with a button that uses it. Looking at it uses nothing up, for chats
 * and mail filters open the links that pass through them. 401 when the link is unknown, used, revoked or over.
 */
export const showSignInLink =
  ({ db }: Pick<SignInDeps, 'db'>): RequestHandler<{ secret: string }> =>
  async (req, res) => {
    res.set('Cache-Control', 'no-store');
    const { secret: link } = req.params;
    const isGood =
      isOperatorSecret(link) &&
      (await withSystemRole(db, 'operators', (tx) => isLinkOpen(tx, hashOperatorSecret(link))));
    if (!isGood) return refuseLink(req as Request, res);
    sendPage(res, 200, { title: 'Sign in', text: 'The link works once, in this browser.', button: 'Sign in' });
  };

/**
 * `POST /sign-in/:secret`: uses the link, which gives the browser a session and leads to the list of workflows. 401 when it
 * is unknown, used, revoked or over; 403 for a form of another origin, which could sign its visitor in as somebody else.
 */
export const signInByLink =
  ({ db, door, now }: SignInDeps): RequestHandler<{ secret: string }> =>
  async (req, res) => {
    res.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
    requireOwnOrigin(req as Request, door);
    const { secret: link } = req.params;
    const { secret, row } = prepareSession(now);
    const operator = isOperatorSecret(link)
      ? await withSystemRole(db, 'operators', (tx) => redeemSignInLink(tx, hashOperatorSecret(link), row))
      : undefined;
    if (operator === undefined) return refuseLink(req as Request, res);
    letIn(res, door, secret, SESSION_MS);
  };

function refuseLink(req: Request, res: Response): void {
  if (!wantsPage(req)) throw new ProblemError(401, 'link-not-valid', { detail: `${OVER} ${HOW_TO_SIGN_IN}` });
  sendPage(res, 401, { title: 'The link does not open', text: OVER, command: HOW_TO_SIGN_IN });
}

/** `GET /sign-in`: a page that says how, and takes a token. */
export const showSignIn: RequestHandler = (_req, res) => {
  sendPage(res, 200, { title: 'Sign in', text: SHOWN_HERE, command: HOW_TO_SIGN_IN, takesToken: true });
};

const MAX_FORM_BYTES = 4_096;

/** A form as a browser sends it; whatever else comes is an empty one. */
export const readSignInForm = express.urlencoded({ extended: false, limit: MAX_FORM_BYTES, inflate: false });

const formSchema = z.object({ token: z.string().trim() });

/**
 * `POST /sign-in`: a session by an operator's token, from the field `token` of a form on a page of ours, or from
 * `Authorization: Bearer`, which no other page can make a browser send. The token stays valid, and its sessions end with it.
 * 401 when it is unknown, revoked or over, or no operator's: an agency's key opens nothing here. 403 for a form of another origin.
 */
export const signInByOperatorToken =
  ({ db, door, now }: SignInDeps): RequestHandler =>
  async (req, res) => {
    res.set('Cache-Control', 'no-store');
    const header = req.get('authorization');
    if (header === undefined) requireOwnOrigin(req, door);
    const token = header === undefined ? formSchema.safeParse(req.body).data?.token : findBearer(header);
    const { secret, row } = prepareSession(now);
    const session =
      token !== undefined && isOperatorSecret(token)
        ? await withSystemRole(db, 'operators', (tx) => signInByToken(tx, hashOperatorSecret(token), row))
        : undefined;
    if (session) {
      letIn(res, door, secret, session.expiresAt.getTime() - now().getTime());
      return;
    }
    const text = 'This is no operator’s token, or it was revoked or is over. Make another, or a link:';
    if (!wantsPage(req)) throw new ProblemError(401, 'token-not-valid', { detail: `${text} ${HOW_TO_SIGN_IN}` });
    sendPage(res, 401, { title: 'The token does not open', text, command: HOW_TO_SIGN_IN, takesToken: true });
  };

const SHOWN_HERE = 'Workflows of all agencies are shown here, to operators of the platform. Make a link, and open it:';

/** Shows a person who is not signed in how to be. */
export const showHowToSignIn: ErrorRequestHandler = (error: unknown, req, res, next) => {
  if (!(error instanceof ProblemError) || error.status !== 401 || !wantsPage(req)) {
    next(error);
    return;
  }
  sendPage(res, 401, {
    title: 'You are not signed in',
    text: SHOWN_HERE,
    command: HOW_TO_SIGN_IN,
    takesToken: true,
  });
};

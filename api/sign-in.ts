import type { ErrorRequestHandler, Request, RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { createOperatorSecret, hashOperatorSecret, isOperatorSecret } from '../crypto/operator-secret.ts';
import { redeemSignInLink } from '../db/operators.ts';
import type { Database } from '../db/schema.ts';
import { withSystemRole } from '../db/scope.ts';
import { HOW_TO_SIGN_IN } from './operator-access.ts';
import { setSessionCookie } from './operator-cookie.ts';
import { type OperatorDoor, WEB_UI_PATH } from './operator-door.ts';
import { sendPage, wantsPage } from './operator-pages.ts';
import { ProblemError } from './problem.ts';

/** A working day; whoever stays longer signs in again. */
const SESSION_MS = 12 * 3_600_000;

/** A browser that loads ahead, or a program that only looks whether the link leads somewhere, must not use it up. */
export const isOnlyALook = (req: Request): boolean =>
  req.method === 'HEAD' || /prefetch|prerender/i.test(`${req.get('sec-purpose') ?? ''} ${req.get('purpose') ?? ''}`);

/**
 * `GET /sign-in/:secret`: opens a one-time link, which gives the browser a session and leads to the list of workflows.
 * 401 when the link is unknown, used, revoked or over.
 */
export const signInByLink =
  ({
    db,
    door,
    now,
  }: {
    db: Kysely<Database>;
    door: OperatorDoor;
    now: () => Date;
  }): RequestHandler<{ secret: string }> =>
  async (req, res) => {
    res.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
    if (isOnlyALook(req as Request)) {
      res.status(204).end();
      return;
    }
    const { secret: link } = req.params;
    const { secret, hash } = createOperatorSecret();
    const session = { id: uuidv7(), hash, expiresAt: new Date(now().getTime() + SESSION_MS) };
    const operator = isOperatorSecret(link)
      ? await withSystemRole(db, 'operators', (tx) => redeemSignInLink(tx, hashOperatorSecret(link), session))
      : undefined;
    if (operator !== undefined) {
      setSessionCookie(res, door.publicUrl, secret, SESSION_MS);
      res.redirect(303, `${WEB_UI_PATH}/namespaces/${encodeURIComponent(door.namespace)}/workflows`);
      return;
    }
    const text = 'This link was used, revoked or is over: each opens once. Make another:';
    if (!wantsPage(req as Request))
      throw new ProblemError(401, 'link-not-valid', { detail: `${text} ${HOW_TO_SIGN_IN}` });
    sendPage(res, 401, { title: 'The link does not open', text, command: HOW_TO_SIGN_IN });
  };

/** Shows a person who is not signed in how to be. */
export const showHowToSignIn: ErrorRequestHandler = (error: unknown, req, res, next) => {
  if (!(error instanceof ProblemError) || error.status !== 401 || !wantsPage(req)) {
    next(error);
    return;
  }
  const text = 'Workflows of all agencies are shown here, to operators of the platform. Make a link, and open it:';
  sendPage(res, 401, { title: 'You are not signed in', text, command: HOW_TO_SIGN_IN });
};

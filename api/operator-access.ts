import type { Request, RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import { hashOperatorSecret, isOperatorSecret } from '../crypto/operator-secret.ts';
import { findOperator, type Operator } from '../db/operators.ts';
import type { Database } from '../db/schema.ts';
import { withSystemRole } from '../db/scope.ts';
import { findSessionCookie } from './operator-cookie.ts';
import type { OperatorDoor } from './operator-door.ts';
import { ProblemError } from './problem.ts';
import { isFromOwnOrigin } from './same-origin.ts';

interface AccessDeps {
  db: Kysely<Database>;
  door: OperatorDoor;
}

/** What somebody who is not signed in is told to do. */
export const HOW_TO_SIGN_IN = 'cli operators sign-in-link --name <you>';

const BEARER = /^Bearer +(\S+)$/i;

/** What somebody sends in `Authorization: Bearer`; undefined when it is anything else. */
export const findBearer = (header: string): string | undefined => BEARER.exec(header)?.[1];

const READS = ['GET', 'HEAD'];
const operators = new WeakMap<Request, Operator>();

/** Who was let in. @throws Error when nobody asked: a route without its guard */
export function operatorOf(req: Request): Operator {
  const operator = operators.get(req);
  if (!operator) throw new Error('no guard has let this request in');
  return operator;
}

async function admit(
  db: Kysely<Database>,
  req: Request,
  kind: 'session' | 'token',
  secret: string | undefined,
): Promise<void> {
  const operator =
    secret !== undefined && isOperatorSecret(secret)
      ? await withSystemRole(db, 'operators', (tx) => findOperator(tx, kind, hashOperatorSecret(secret)))
      : undefined;
  if (!operator) {
    const detail = `Only operators of the platform come in here. A link to sign in by: ${HOW_TO_SIGN_IN}; or POST /sign-in with an operator’s token.`;
    throw new ProblemError(401, 'not-signed-in', { detail });
  }
  operators.set(req, operator);
}

/** @throws ProblemError 403 for what does not come from our own pages */
export function requireOwnOrigin(req: Request, { publicUrl }: Pick<OperatorDoor, 'publicUrl'>): void {
  if (isFromOwnOrigin(req.headers, publicUrl)) return;
  throw new ProblemError(403, 'other-origin', { detail: 'The request does not come from a page of this origin.' });
}

/**
 * Lets in whoever has a session, asked each time: it is revoked at once. An agency's API key opens nothing here.
 * @throws ProblemError 401; 403 for what may change something and does not come from our own pages
 */
export const requireSession =
  ({ db, door }: AccessDeps): RequestHandler =>
  async (req, _res, next) => {
    await admit(db, req, 'session', findSessionCookie(req, door.publicUrl));
    if (!READS.includes(req.method)) requireOwnOrigin(req, door);
    next();
  };

/**
 * Lets in a session, or a token in `Authorization: Bearer`, as the Temporal CLI sends it. @throws ProblemError 401, 403
 */
export function requireSessionOrToken(deps: AccessDeps): RequestHandler {
  const bySession = requireSession(deps);
  return async (req, res, next) => {
    const header = req.get('authorization');
    if (header === undefined) return bySession(req, res, next);
    await admit(deps.db, req, 'token', findBearer(header));
    next();
  };
}

import { type Transaction, sql } from 'kysely';
import { audit, PLATFORM } from './audit-log.ts';
import type { Database } from './schema.ts';
import type { OperatorCredentialKind } from './schema/operations.ts';

/** Who did something about operators' credentials, for the audit log. */
interface Act {
  /** `cli:<user>`, `operator:<name>`. */
  actor: string;
  /** `api`, `cli`. */
  origin: string;
}

/** Appends to the operators' chain of the audit log. Needs the operators role, as all functions of this file. */
export const auditOperator = (
  tx: Transaction<Database>,
  act: Act & { action: string; subject: string; after?: Record<string, unknown> },
): Promise<void> => audit(tx, { ...act, agencyId: PLATFORM });

/** What operators did last with versions of the workers; undefined when they have done nothing. Needs the operators role. */
export const findLastVersionAct = (
  tx: Transaction<Database>,
): Promise<{ action: string; after: unknown } | undefined> =>
  tx
    .selectFrom('audit_log')
    .select(['action', 'after'])
    .where('agency_id', '=', PLATFORM)
    .where('action', 'like', 'worker-version.%')
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();

export interface NewOperatorCredential {
  id: string;
  operator: string;
  kind: Exclude<OperatorCredentialKind, 'session'>;
  /** SHA-256 of the secret; the secret itself is shown once and never stored. */
  hash: Buffer;
  expiresAt: Date;
}

/** Stores a link or a token for the Temporal CLI, and who made it. */
export async function addOperatorCredential(
  tx: Transaction<Database>,
  credential: NewOperatorCredential,
  act: Act,
): Promise<void> {
  const { id, operator, kind, hash, expiresAt } = credential;
  await tx.insertInto('operator_credentials').values({ id, operator, kind, hash, expires_at: expiresAt }).execute();
  const after = { operator, expiresAt };
  await auditOperator(tx, { ...act, action: `operator-${kind}.create`, subject: `operator-credential:${id}`, after });
}

const isValid = sql<boolean>`revoked_at is null and expires_at > now()`;

/** Whether a link can be used: it is known, and neither used, revoked nor over. */
export async function isLinkOpen(tx: Transaction<Database>, linkHash: Buffer): Promise<boolean> {
  const found = await tx
    .selectFrom('operator_credentials')
    .select('id')
    .where('hash', '=', linkHash)
    .where('kind', '=', 'link')
    .where('used_at', 'is', null)
    .where(isValid)
    .executeTakeFirst();
  return found !== undefined;
}

/**
 * Makes a session of a link, once: of many who open the same link at the same moment, the row's lock lets one through.
 * @returns the operator's name; undefined when the link is unknown, used, revoked or over
 */
export async function redeemSignInLink(
  tx: Transaction<Database>,
  linkHash: Buffer,
  session: { id: string; hash: Buffer; expiresAt: Date },
): Promise<string | undefined> {
  const link = await tx
    .updateTable('operator_credentials')
    .set({ used_at: sql<Date>`now()` })
    .where('hash', '=', linkHash)
    .where('kind', '=', 'link')
    .where('used_at', 'is', null)
    .where(isValid)
    .returning(['id', 'operator'])
    .executeTakeFirst();
  if (!link) return undefined;
  const { operator } = link;
  const row = { id: session.id, operator, kind: 'session' as const, hash: session.hash, link_id: link.id };
  await tx
    .insertInto('operator_credentials')
    .values({ ...row, expires_at: session.expiresAt })
    .execute();
  await auditOperator(tx, {
    actor: `operator:${operator}`,
    action: 'operator.sign-in',
    subject: `operator-credential:${session.id}`,
    after: { linkId: link.id, expiresAt: session.expiresAt },
    origin: 'api',
  });
  return operator;
}

/**
 * Makes a session of a token, which stays what it is. The session ends with the token at the latest.
 * @param session.expiresAt when it ends otherwise
 * @returns who signed in, and until when; undefined when the token is unknown, revoked or over
 */
export async function signInByToken(
  tx: Transaction<Database>,
  tokenHash: Buffer,
  session: { id: string; hash: Buffer; expiresAt: Date },
): Promise<{ operator: string; expiresAt: Date } | undefined> {
  // Held until the session is there: who revokes the token meanwhile waits, and finds both.
  const token = await tx
    .selectFrom('operator_credentials')
    .select(['id', 'operator', 'expires_at'])
    .where('hash', '=', tokenHash)
    .where('kind', '=', 'token')
    .where(isValid)
    .forUpdate()
    .executeTakeFirst();
  if (!token) return undefined;
  const { operator } = token;
  const expiresAt = token.expires_at < session.expiresAt ? token.expires_at : session.expiresAt;
  const row = { id: session.id, operator, kind: 'session' as const, hash: session.hash, token_id: token.id };
  await tx
    .insertInto('operator_credentials')
    .values({ ...row, expires_at: expiresAt })
    .execute();
  await auditOperator(tx, {
    actor: `operator:${operator}`,
    action: 'operator.sign-in',
    subject: `operator-credential:${session.id}`,
    after: { tokenId: token.id, expiresAt },
    origin: 'api',
  });
  return { operator, expiresAt };
}

export interface Operator {
  credentialId: string;
  /** As named when the link or token was made. */
  operator: string;
}

/** Whom a session or token stands for, if it is neither revoked nor over. One look by a unique index. */
export async function findOperator(
  tx: Transaction<Database>,
  kind: 'session' | 'token',
  hash: Buffer,
): Promise<Operator | undefined> {
  return tx
    .selectFrom('operator_credentials')
    .select(['id as credentialId', 'operator'])
    .where('hash', '=', hash)
    .where('kind', '=', kind)
    .where(isValid)
    .executeTakeFirst();
}

/** Operators' links, sessions and tokens without their hashes, newest first. */
export async function listOperatorCredentials(tx: Transaction<Database>, limit: number) {
  return tx
    .selectFrom('operator_credentials')
    .select(['id', 'operator', 'kind', 'created_at', 'expires_at', 'used_at', 'revoked_at'])
    .orderBy('created_at', 'desc')
    .limit(limit)
    .execute();
}

/**
 * Ends credentials at once: the one with the id, and the sessions its link or token made; or all of an operator.
 * @returns the ids of those that were still valid
 */
export async function revokeOperatorCredentials(
  tx: Transaction<Database>,
  of: { id: string } | { operator: string },
  act: Act,
): Promise<string[]> {
  // Twice: a session that was being made while the first waited for its link or token is found by the second.
  const revoked = [...(await revokeValid(tx, of)), ...(await revokeValid(tx, of))];
  for (const { id, operator, kind } of revoked) {
    const subject = `operator-credential:${id}`;
    await auditOperator(tx, { ...act, action: `operator-${kind}.revoke`, subject, after: { operator } });
  }
  return revoked.map(({ id }) => id);
}

const revokeValid = (tx: Transaction<Database>, of: { id: string } | { operator: string }) =>
  tx
    .updateTable('operator_credentials')
    .set({ revoked_at: sql<Date>`now()` })
    .where(isValid)
    .where((where) =>
      'id' in of
        ? where.or([where('id', '=', of.id), where('link_id', '=', of.id), where('token_id', '=', of.id)])
        : where('operator', '=', of.operator),
    )
    .returning(['id', 'operator', 'kind'])
    .execute();

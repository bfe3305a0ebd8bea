import type { RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import type { Transaction } from 'kysely';
import { listAuditEntries } from '../db/audit-log.ts';
import { type DeadLetter, findDeadLetter } from '../db/dead-letter-list.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { viewDeadLetter } from '../domain/dead-letter-view.ts';
import { authenticateBearer } from './authentication.ts';
import { ProblemError } from './problem.ts';
import { describeRequest } from './request-log.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const ACTS = 20;

/** The id of a URL, as our ids are spelt. @throws ProblemError 404 */
export function readLetterId(id: unknown): string {
  if (typeof id === 'string' && UUID.test(id)) return id.toLowerCase();
  throw new ProblemError(404, 'no-such-dead-letter');
}

/** The letter of a URL's id. Another tenant's is as unknown as one that never was. @throws ProblemError 404 */
async function requireLetter(tx: Transaction<Database>, id: unknown): Promise<DeadLetter> {
  const letter = await findDeadLetter(tx, readLetterId(id));
  if (!letter) throw new ProblemError(404, 'no-such-dead-letter');
  return letter;
}

/**
 * `GET /v1/dead-letters/:id`: what stopped, what can be done about it, and what was done: of the letter and of what it is
 * about. Acts are for the key of an agency: the audit log is the agency's.
 */
export const getDeadLetterByApi =
  ({ db }: { db: Kysely<Database> }): RequestHandler =>
  async (req, res) => {
    const caller = await authenticateBearer(db, req.get('authorization'));
    const { agencyId, locationId } = caller;
    describeRequest(res, { agencyId, locationId });
    const answer = await withScope(db, caller.scope, async (tx) => {
      const letter = viewDeadLetter(await requireLetter(tx, req.params['id']));
      if (locationId !== null) return letter;
      const subjects = [`dead-letter:${letter.id}`, `${letter.subject.kind}:${letter.subject.id}`];
      const acts = [];
      for (const subject of subjects) acts.push(...(await listAuditEntries(tx, { agencyId, subject, limit: ACTS })));
      return { ...letter, acts: acts.map(({ at, actor, action, subject }) => ({ at, actor, action, subject })) };
    });
    res.set('Cache-Control', 'no-store').json(answer);
  };

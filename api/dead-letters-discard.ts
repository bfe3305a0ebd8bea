import type { RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { discardDeadLetter } from '../db/dead-letter-discard.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { authenticateBearer } from './authentication.ts';
import { readLetterId } from './dead-letters-get.ts';
import { readBody } from './input.ts';
import { ProblemError } from './problem.ts';
import { describeRequest } from './request-log.ts';

const bodySchema = z.strictObject({
  reason: z
    .string()
    .trim()
    .min(1)
    .max(500)
    .regex(/^\P{Cc}*$/u, 'must be one line of plain text'),
});

/**
 * `POST /v1/dead-letters/:id/discard`: puts an open letter away, with a `reason` of 1 to 500 characters that stands with
 * it. Asked again it changes nothing; 409 `not-open` when it is resolved.
 */
export const discardDeadLetterByApi =
  ({ db, now }: { db: Kysely<Database>; now: () => Date }): RequestHandler =>
  async (req, res) => {
    const caller = await authenticateBearer(db, req.get('authorization'));
    describeRequest(res, { agencyId: caller.agencyId, locationId: caller.locationId });
    const { reason } = readBody(req, bodySchema);
    const id = readLetterId(req.params['id']);
    const act = { actor: caller.actor, origin: 'api' as const, now: now() };
    const outcome = await withScope(db, caller.scope, (tx) => discardDeadLetter(tx, id, reason, act));
    if (outcome === 'unknown') throw new ProblemError(404, 'no-such-dead-letter');
    if (outcome === 'not-open') throw new ProblemError(409, outcome);
    res.json({ id, outcome });
  };

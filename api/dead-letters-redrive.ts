import type { RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { redriveByFilter, redriveDeadLetter, REDRIVES_AT_ONCE } from '../db/redrives.ts';
import type { Database } from '../db/schema.ts';
import { authenticateBearer, type Caller } from './authentication.ts';
import { readLetterId } from './dead-letters-get.ts';
import { letterFilter } from './dead-letters-list.ts';
import { readBody } from './input.ts';
import { ProblemError } from './problem.ts';
import { describeRequest } from './request-log.ts';

export interface RedriveByApiDeps {
  db: Kysely<Database>;
  /** Takes what is redriven to Temporal. */
  relay: { wake(): void };
  now: () => Date;
}

const oneSchema = z.strictObject({ dryRun: z.boolean().default(false) });
const manySchema = z.strictObject({
  ...letterFilter,
  dryRun: z.boolean().default(true),
  limit: z.number().int().min(1).max(REDRIVES_AT_ONCE).default(100),
  after: z.uuid().toLowerCase().optional(),
});

const actOf = ({ actor }: Caller, now: Date) => ({ actor, origin: 'api' as const, now });

/**
 * `POST /v1/dead-letters/:id/redrive`: sets its work going again. 202 with the way it goes, and which other letters it
 * settles along; asked again it does nothing twice. 409 when it cannot be: the reason is the code, and the sentence says what can be done instead. With `dryRun` 200.
 */
export const redriveDeadLetterByApi =
  ({ db, relay, now }: RedriveByApiDeps): RequestHandler =>
  async (req, res) => {
    const caller = await authenticateBearer(db, req.get('authorization'));
    describeRequest(res, { agencyId: caller.agencyId, locationId: caller.locationId });
    const { dryRun: isDryRun } = readBody(req, oneSchema);
    const id = readLetterId(req.params['id']);
    const result = await redriveDeadLetter(db, caller.scope, id, { act: actOf(caller, now()), isDryRun });
    if (!result) throw new ProblemError(404, 'no-such-dead-letter');
    const { outcome } = result;
    if (outcome === 'refused') throw new ProblemError(409, result.why, { detail: result.reason });
    if (outcome === 'not-open') throw new ProblemError(409, outcome);
    if (!isDryRun) relay.wake();
    const way =
      outcome === 'redriven' ? { way: result.way, reason: result.reason, alsoSettles: result.alsoSettles } : {};
    res.status(isDryRun ? 200 : 202).json({ id, outcome, dryRun: isDryRun, ...way });
  };

/**
 * `POST /v1/dead-letters/redrive`: the same for all open letters that fit, the oldest first. `dryRun` is true unless it is
 * said to be false: then the answer says what would happen, and nothing does. `remaining` were left for a next request,
 * which goes on `after` the `nextCursor`.
 */
export const redriveDeadLettersByApi =
  ({ db, relay, now }: RedriveByApiDeps): RequestHandler =>
  async (req, res) => {
    const caller = await authenticateBearer(db, req.get('authorization'));
    describeRequest(res, { agencyId: caller.agencyId, locationId: caller.locationId });
    const { dryRun: isDryRun, limit, after, ...filter } = readBody(req, manySchema);
    const options = { act: actOf(caller, now()), isDryRun, page: { after, limit } };
    const { groups, remaining, nextCursor } = await redriveByFilter(db, caller.scope, filter, options);
    if (!isDryRun) relay.wake();
    res.json({ dryRun: isDryRun, groups, remaining, nextCursor });
  };

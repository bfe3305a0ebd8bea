import type { RequestHandler } from 'express';
import { v5 as uuidv5, v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { findBackfillRun } from '../db/backfill-runs.ts';
import { isOrderOf, letBackfillStart, orderBackfill } from '../db/backfill-start.ts';
import { withScope } from '../db/scope.ts';
import { BACKFILL_RESOURCES } from '../domain/backfill.ts';
import { backfillRange, backfillResource, isOrdered, NOT_ORDERED } from '../domain/backfill-input.ts';
import { authenticateBearer } from './authentication.ts';
import type { BackfillDeps } from './backfill-access.ts';
import { findIdempotencyKey, readBody } from './input.ts';
import { ProblemError } from './problem.ts';
import { describeRequest } from './request-log.ts';

const body = z
  .strictObject({
    locationId: z.uuid().toLowerCase().optional(),
    resources: z
      .array(backfillResource)
      .min(1)
      .default([...BACKFILL_RESOURCES]),
    ...backfillRange,
  })
  .refine(isOrdered, NOT_ORDERED);

/**
 * `POST /v1/backfills` `{locationId?, resources?, from?, to?, names?}`: brings what GHL holds of a location and all below
 * it into the mirror; without `locationId` of all that the key may see. 202 with the run's id, which starts now or, while
 * Temporal is away, as soon as it is back; 404 for a location that the key does not see; 409 when none of them is connected.
 * An `Idempotency-Key` makes a repeat the same run; 422 when it came with another request.
 */
export const createBackfillByApi =
  ({ db, relay, now }: BackfillDeps): RequestHandler =>
  async (req, res) => {
    const caller = await authenticateBearer(db, req.get('authorization'));
    const { agencyId, scope } = caller;
    describeRequest(res, { agencyId, locationId: caller.locationId });
    const { locationId = caller.locationId, from = null, to = null, names, resources } = readBody(req, body);
    const idempotencyKey = findIdempotencyKey(req);
    const runId = idempotencyKey === undefined ? uuidv7() : uuidv5(`backfill:${idempotencyKey}`, caller.keyId);
    const order = { runId, agencyId, rootId: locationId, resources: [...new Set(resources)], from, to, names };
    const ordered = await withScope(db, scope, async (tx) => {
      const before = await findBackfillRun(tx, runId);
      if (!before) return orderBackfill(tx, order, { actor: caller.actor, origin: 'api' }, now());
      if (!isOrderOf(before, order)) {
        throw new ProblemError(422, 'idempotency-key-reused', {
          detail: 'This Idempotency-Key came with another request before.',
        });
      }
      if (before.ended_at === null) await letBackfillStart(tx, before, now());
      return { covered: undefined, notConnected: undefined };
    });
    if (!ordered) throw new ProblemError(404, 'no-such-location');
    if (ordered.covered === 0) throw new ProblemError(409, 'no-location-connected');
    relay.wake();
    res
      .status(202)
      .location(`/v1/backfills/${runId}`)
      .json({ id: runId, locations: ordered.covered, notConnected: ordered.notConnected });
  };

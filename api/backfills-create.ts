import type { RequestHandler } from 'express';
import { v5 as uuidv5, v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { findBackfillRun, wishOfRun } from '../db/backfill-runs.ts';
import { orderBackfill } from '../db/backfill-start.ts';
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
 * it into the mirror; without `locationId` of all that the key may see. 202 with the run's id; 404 for a location that the
 * key does not see; 409 when none of them is connected. An `Idempotency-Key` makes a repeat the same run.
 */
export const createBackfillByApi =
  ({ db, client }: BackfillDeps): RequestHandler =>
  async (req, res) => {
    const caller = await authenticateBearer(db, req.get('authorization'));
    const { agencyId, scope } = caller;
    describeRequest(res, { agencyId, locationId: caller.locationId });
    const given = readBody(req, body);
    const idempotencyKey = findIdempotencyKey(req);
    const runId = idempotencyKey === undefined ? uuidv7() : uuidv5(`backfill:${idempotencyKey}`, caller.keyId);
    const by = { actor: caller.actor, origin: 'api' };
    const ordered = await withScope(db, scope, async (tx) => {
      if (await findBackfillRun(tx, runId)) return { covered: undefined, notConnected: undefined };
      const { locationId = caller.locationId, from = null, to = null, names } = given;
      const resources = [...new Set(given.resources)];
      const order = { runId, agencyId, rootId: locationId, resources, from, to, names };
      return orderBackfill(tx, order, by);
    });
    if (!ordered) throw new ProblemError(404, 'no-such-location');
    if (ordered.covered === 0) throw new ProblemError(409, 'no-location-connected');
    try {
      await client.startBackfillRun({ agencyId, runId });
    } catch (error) {
      // Whoever asked is told to ask again, and without a key that is another run. One that did start finds it cancelled.
      if (idempotencyKey === undefined) {
        await withScope(db, scope, (tx) => wishOfRun(tx, { agencyId, runId }, 'cancel', by));
      }
      throw error;
    }
    res
      .status(202)
      .location(`/v1/backfills/${runId}`)
      .json({ id: runId, locations: ordered.covered, notConnected: ordered.notConnected });
  };

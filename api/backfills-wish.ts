import type { RequestHandler } from 'express';
import { TemporalUnavailableError } from '../client.ts';
import { wishOfRun } from '../db/backfill-runs.ts';
import { withScope } from '../db/scope.ts';
import type { BackfillWish } from '../domain/backfill.ts';
import { authenticateBearer } from './authentication.ts';
import { type BackfillDeps, requireBackfillRun } from './backfill-access.ts';
import { ProblemError } from './problem.ts';
import { describeRequest } from './request-log.ts';

/**
 * `POST /v1/backfills/:id/pause`, `/resume` and `/cancel`: 202, the run follows with its next page, one that rests within
 * ten minutes where Temporal cannot be told; 404 for a run that the
 * key does not see; 409 for one that is over or being cancelled. Asking again is the same.
 */
export const wishBackfillByApi =
  ({ db, client }: BackfillDeps, wish: BackfillWish): RequestHandler<{ id: string }> =>
  async (req, res) => {
    const caller = await authenticateBearer(db, req.get('authorization'));
    const { agencyId } = caller;
    describeRequest(res, { agencyId, locationId: caller.locationId });
    const run = await withScope(db, caller.scope, async (tx) => {
      const found = await requireBackfillRun(tx, req.params.id);
      const by = { actor: caller.actor, origin: 'api' };
      const isTaken = await wishOfRun(tx, { agencyId, runId: found.id }, wish, by);
      if (!isTaken) throw new ProblemError(409, found.ended_at === null ? 'backfill-cancelled' : 'backfill-over');
      return found;
    });
    // The rows say what is wanted, and whoever works on the run looks there again and again: the signal only saves time.
    await client.wishBackfill({ workflowId: run.workflow_id, wish }).catch((error: unknown) => {
      if (!(error instanceof TemporalUnavailableError)) throw error;
    });
    res.status(202).json({ id: run.id, wanted: wish });
  };

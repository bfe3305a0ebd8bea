import type { RequestHandler } from 'express';
import { z } from 'zod';
import { listBackfillParts, listBackfillRuns } from '../db/backfill-runs.ts';
import { withScope } from '../db/scope.ts';
import { authenticateBearer } from './authentication.ts';
import type { BackfillDeps } from './backfill-access.ts';
import { viewBackfillRun } from '../domain/backfill-view.ts';
import { readQuery } from './input.ts';
import { describeRequest } from './request-log.ts';

const querySchema = z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(20) });

/** `GET /v1/backfills`: the runs that the key may see, newest first, with how far they are. */
export const listBackfillsByApi =
  ({ db }: Pick<BackfillDeps, 'db'>): RequestHandler =>
  async (req, res) => {
    const caller = await authenticateBearer(db, req.get('authorization'));
    describeRequest(res, { agencyId: caller.agencyId, locationId: caller.locationId });
    const { limit } = readQuery(req, querySchema);
    const backfills = await withScope(db, caller.scope, async (tx) => {
      const runs = await listBackfillRuns(tx, limit);
      const parts = await listBackfillParts(
        tx,
        runs.map(({ id }) => id),
      );
      return runs.map((run) =>
        viewBackfillRun(
          run,
          parts.filter(({ run_id }) => run_id === run.id),
        ),
      );
    });
    res.set('Cache-Control', 'no-store').json({ backfills });
  };

import type { RequestHandler } from 'express';
import { listBackfillParts } from '../db/backfill-runs.ts';
import { withScope } from '../db/scope.ts';
import { authenticateBearer } from './authentication.ts';
import { type BackfillDeps, requireBackfillRun } from './backfill-access.ts';
import { viewBackfillPart, viewBackfillRun } from '../domain/backfill-view.ts';
import { describeRequest } from './request-log.ts';

/** `GET /v1/backfills/:id`: how far a run is, in all and part by part, and what its second reading proved. */
export const getBackfillByApi =
  ({ db }: Pick<BackfillDeps, 'db'>): RequestHandler =>
  async (req, res) => {
    const caller = await authenticateBearer(db, req.get('authorization'));
    describeRequest(res, { agencyId: caller.agencyId, locationId: caller.locationId });
    const { run, parts } = await withScope(db, caller.scope, async (tx) => {
      const found = await requireBackfillRun(tx, req.params['id']);
      return { run: found, parts: await listBackfillParts(tx, [found.id]) };
    });
    res.set('Cache-Control', 'no-store').json({ ...viewBackfillRun(run, parts), parts: parts.map(viewBackfillPart) });
  };

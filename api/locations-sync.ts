import type { RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { type SwitchyardClient, TemporalUnavailableError } from '../client.ts';
import { audit } from '../db/audit-log.ts';
import { findLocation } from '../db/locations.ts';
import { listDriftHistory } from '../db/drift-reports.ts';
import { askForSweeps, ensurePasses } from '../db/poll-passes.ts';
import { isPollable } from '../db/poll-turns.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { getSyncStanding, viewDrift } from '../db/sync-standing.ts';
import { passesOf, POLL_POLICY } from '../domain/poll-rules.ts';
import { authenticateBearer } from './authentication.ts';
import { readBody, readQuery } from './input.ts';
import { ProblemError } from './problem.ts';
import { describeRequest } from './request-log.ts';

export interface SyncDeps {
  db: Kysely<Database>;
  client: Pick<SwitchyardClient, 'startPollSync'>;
  now: () => Date;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const many = z.coerce.number().int().min(0).max(1_000).default(50);
const query = z.strictObject({ gaps: many, history: many });
const body = z.strictObject({ repair: z.boolean().default(false) });

/**
 * `GET /v1/locations/:id/sync`: how the location is in step with GHL. The last look of each pass, the drift of each
 * resource and its history, and the changes that no event told; `gaps` and `history` say how many are named.
 * 404 when the key's scope holds no such location.
 */
export const showSyncByApi =
  ({ db, now }: SyncDeps): RequestHandler<{ id: string }> =>
  async (req, res) => {
    const caller = await authenticateBearer(db, req.get('authorization'));
    const locationId = req.params.id.toLowerCase();
    describeRequest(res, { agencyId: caller.agencyId, locationId: caller.locationId });
    const wanted = readQuery(req as never, query);
    const standing = await withScope(db, caller.scope, async (tx) => {
      if (!UUID.test(locationId) || !(await findLocation(tx, locationId))) {
        throw new ProblemError(404, 'no-such-location');
      }
      const options = { graceMs: POLL_POLICY.gapGraceMs, gaps: wanted.gaps, now: now() };
      const history = wanted.history === 0 ? [] : await listDriftHistory(tx, locationId, wanted.history);
      return { ...(await getSyncStanding(tx, locationId, options)), history: history.map(viewDrift) };
    });
    res.set('Cache-Control', 'no-store').json({ locationId, ...standing });
  };

/**
 * `POST /v1/locations/:id/reconcile` `{repair?}`: compares all of the location with GHL, soon, and with `repair` brings
 * the mirror into step. 202; what it finds stands in `GET …/sync`. 404 when the key's scope holds no such location, 409
 * when it cannot be asked because it is not connected.
 */
export const reconcileByApi =
  ({ db, client, now }: SyncDeps): RequestHandler<{ id: string }> =>
  async (req, res) => {
    const { agencyId, scope, actor } = await authenticateBearer(db, req.get('authorization'));
    const locationId = req.params.id.toLowerCase();
    describeRequest(res, { agencyId, locationId: scope.locationId ?? null });
    const { repair } = readBody(req as never, body);
    const askedAt = now();
    await withScope(db, scope, async (tx) => {
      if (!UUID.test(locationId) || !(await findLocation(tx, locationId))) {
        throw new ProblemError(404, 'no-such-location');
      }
    });
    // The location is the key's; that its agency is connected only the agency's own scope tells.
    await withScope(db, { agencyId }, async (tx) => {
      if (!(await isPollable(tx, locationId))) throw new ProblemError(409, 'not-connected');
      await ensurePasses(tx, { agencyId, locationId }, passesOf(POLL_POLICY), askedAt);
      await askForSweeps(tx, locationId, { repairs: repair, now: askedAt });
      const act = { action: 'location.reconcile', subject: `location:${locationId}`, after: { repair } };
      await audit(tx, { agencyId, actor, origin: 'api', ...act });
    });
    try {
      await client.startPollSync({ agencyId, locationId });
    } catch (error) {
      // What was asked for stands in the database: the next round of the schedule finds it.
      if (!(error instanceof TemporalUnavailableError)) throw error;
    }
    res.status(202).json({ locationId, repair, askedAt });
  };

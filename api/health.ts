import type { RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import { checkDatabase } from '../db/readiness.ts';
import type { Database } from '../db/schema.ts';
import type { Drain } from './drain.ts';
import type { WorkClient } from './work.ts';

/** `GET /healthz`: the process lives. */
export const reportHealth: RequestHandler = (_req, res) => {
  res.json({ status: 'alive' });
};

/**
 * `GET /readyz`: 200 while webhooks can be stored, which needs Postgres with this code's migrations, or newer ones. Temporal is told and
 * not needed: what cannot be started waits in the inbox.
 */
export const reportReadiness =
  (deps: { db: Kysely<Database>; client: Pick<WorkClient, 'isReachable'>; drain: Drain }): RequestHandler =>
  async (_req, res) => {
    const [postgres, isTemporalReachable] = await Promise.all([checkDatabase(deps.db), deps.client.isReachable()]);
    const isReady = (postgres === 'current' || postgres === 'newer-migration') && !deps.drain.isDraining;
    res.status(isReady ? 200 : 503).json({
      status: isReady ? 'ready' : deps.drain.isDraining ? 'draining' : 'not-ready',
      postgres,
      temporal: isTemporalReachable ? 'reachable' : 'away',
    });
  };

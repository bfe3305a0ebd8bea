import type { RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import { checkDatabase, type DatabaseState } from '../db/readiness.ts';
import type { Database } from '../db/schema.ts';
import { boundLook } from './bounded-look.ts';
import type { Drain } from './drain.ts';
import type { WorkClient } from './work.ts';

/** `GET /healthz`: the process lives. */
export const reportHealth: RequestHandler = (_req, res) => {
  res.json({ status: 'alive' });
};

/** Longer than a request waits for a connection, and sooner than those who probe give up. */
const LOOK_MS = 3_000;

/**
 * `GET /readyz`: 200 while webhooks can be stored, which needs Postgres with this code's migrations, or newer ones. Temporal is told and
 * not needed: what cannot be started waits in the inbox.
 */
export function reportReadiness(deps: {
  db: Kysely<Database>;
  client: Pick<WorkClient, 'isReachable'>;
  drain: Drain;
}): RequestHandler {
  let found: DatabaseState = 'away';
  // However often the page is asked for, one connection at most is taken by it.
  const look = boundLook(LOOK_MS, async () => {
    found = await checkDatabase(deps.db);
  });
  const askPostgres = (): Promise<DatabaseState> =>
    look().then(
      () => found,
      () => 'away',
    );
  return async (_req, res) => {
    const [postgres, isTemporalReachable] = await Promise.all([askPostgres(), deps.client.isReachable()]);
    const isReady = (postgres === 'current' || postgres === 'newer-migration') && !deps.drain.isDraining;
    res.status(isReady ? 200 : 503).json({
      status: isReady ? 'ready' : deps.drain.isDraining ? 'draining' : 'not-ready',
      postgres,
      temporal: isTemporalReachable ? 'reachable' : 'away',
    });
  };
}

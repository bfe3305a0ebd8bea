import type { Kysely, Transaction } from 'kysely';
import type { SwitchyardClient } from '../client.ts';
import { type BackfillRun, findBackfillRun } from '../db/backfill-runs.ts';
import type { Database } from '../db/schema.ts';
import { ProblemError } from './problem.ts';

/** What the endpoints of backfills need. */
export interface BackfillDeps {
  db: Kysely<Database>;
  client: Pick<SwitchyardClient, 'wishBackfill'>;
  /** Takes what is saved to Temporal. */
  relay: { wake(): void };
  now: () => Date;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The run of a URL's id. Another tenant's is as unknown as one that never was. @throws ProblemError 404 */
export async function requireBackfillRun(tx: Transaction<Database>, id: unknown): Promise<BackfillRun> {
  const run = typeof id === 'string' && UUID.test(id) ? await findBackfillRun(tx, id.toLowerCase()) : undefined;
  if (!run) throw new ProblemError(404, 'no-such-backfill');
  return run;
}

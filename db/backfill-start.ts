import type { Transaction } from 'kysely';
import { type BackfillResource, listCovered, type NamesWanted } from '../domain/backfill.ts';
import { backfillRunWorkflowId } from '../domain/workflow-ids.ts';
import { addBackfillRun, type BackfillActor } from './backfill-runs.ts';
import { listLocations } from './locations.ts';
import type { Database } from './schema.ts';

export interface BackfillOrder {
  runId: string;
  agencyId: string;
  /** A location with all below it; null for all that the scope shows. */
  rootId: string | null;
  resources: readonly BackfillResource[];
  from: Date | null;
  to: Date | null;
  names: NamesWanted;
}

/**
 * Stores a run over the locations of the scope that are connected to GHL; its workflow is started afterwards.
 * @returns how many locations it covers, and which are left out because they are not connected; undefined when the scope
 *   has no such location
 */
export async function orderBackfill(
  tx: Transaction<Database>,
  order: BackfillOrder,
  by: BackfillActor,
): Promise<{ covered: number; notConnected: string[] } | undefined> {
  const { runId, agencyId, rootId } = order;
  const all = await listLocations(tx);
  if (rootId !== null && !all.some(({ id }) => id === rootId)) return undefined;
  const wanted = listCovered(all, rootId);
  const connected = wanted.filter((each) => each.ghl_location_id !== null && each.installed_at !== null);
  const notConnected = wanted.filter((each) => !connected.includes(each)).map(({ id }) => id);
  if (connected.length > 0) {
    const workflowId = backfillRunWorkflowId(agencyId, runId);
    const locationIds = connected.map(({ id }) => id);
    await addBackfillRun(tx, { ...order, id: runId, rootId: rootId ?? null, locationIds, workflowId }, by);
  }
  return { covered: connected.length, notConnected };
}

import type { Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { type BackfillResource, listCovered, type NamesWanted } from '../domain/backfill.ts';
import { backfillRunWorkflowId } from '../domain/workflow-ids.ts';
import { addBackfillRun, type BackfillActor, type BackfillRun, findBackfillRun } from './backfill-runs.ts';
import { addWork } from './event-capabilities.ts';
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
 * Stores a run over the locations of the scope that are connected to GHL, and what starts its workflow.
 * @returns how many locations it covers, and which are left out because they are not connected; undefined when the scope
 *   has no such location
 */
export async function orderBackfill(
  tx: Transaction<Database>,
  order: BackfillOrder,
  by: BackfillActor,
  now: Date,
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
    await letBackfillStart(tx, (await findBackfillRun(tx, runId))!, now);
  }
  return { covered: connected.length, notConnected };
}

/**
 * Puts the start of a stored run in the inbox, which hands it over as soon as Temporal is there. Repeatable: a workflow that
 * runs is left alone, and one that was ended by force goes on.
 */
export async function letBackfillStart(tx: Transaction<Database>, run: BackfillRun, now: Date): Promise<void> {
  const { id: runId, agency_id: agencyId, location_id: locationId, workflow_id: workflowId } = run;
  await addWork(tx, [
    {
      causeId: uuidv7(),
      agencyId,
      locationId,
      capability: 'backfill',
      orderingKey: workflowId,
      workflowId,
      // What keeps the mirror waits for what makes leads.
      priority: 1,
      input: { agencyId, runId },
      dueAt: now,
    },
  ]);
}

/** Whether a run was ordered so: the same request again asks for the same run, another one does not. */
export function isOrderOf(run: BackfillRun, order: Omit<BackfillOrder, 'runId' | 'agencyId'>): boolean {
  const isSameTime = (a: Date | null, b: Date | null): boolean => a?.getTime() === b?.getTime();
  return (
    run.root_id === order.rootId &&
    run.names === order.names &&
    isSameTime(run.from_at, order.from) &&
    isSameTime(run.to_at, order.to) &&
    [...run.resources].sort().join() === [...order.resources].sort().join()
  );
}

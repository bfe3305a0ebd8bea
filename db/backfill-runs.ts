import { type Selectable, sql, type Transaction } from 'kysely';
import type { BackfillResource, BackfillWish, NamesWanted } from '../domain/backfill.ts';
import { backfillWorkflowId } from '../domain/workflow-ids.ts';
import { audit } from './audit-log.ts';
import type { Database } from './schema.ts';
import type { BackfillPartTable, BackfillRunTable } from './schema/backfill.ts';

export type BackfillRun = Selectable<BackfillRunTable>;
export type BackfillPart = Selectable<BackfillPartTable>;

export interface NewBackfillRun {
  id: string;
  agencyId: string;
  /** What it was asked for; null for the whole agency. */
  rootId: string | null;
  locationIds: readonly string[];
  resources: readonly BackfillResource[];
  from: Date | null;
  to: Date | null;
  names: NamesWanted;
  workflowId: string;
}

/** Who asks for something of a run. */
export interface BackfillActor {
  actor: string;
  origin: string;
}

/** Stores a run and its parts, one for each location and resource. Repeating it changes nothing. */
export async function addBackfillRun(tx: Transaction<Database>, run: NewBackfillRun, by: BackfillActor): Promise<void> {
  const { id, agencyId, locationIds, resources } = run;
  const [onlyId] = locationIds;
  const added = await tx
    .insertInto('backfill_runs')
    .values({
      id,
      agency_id: agencyId,
      location_id: locationIds.length === 1 ? onlyId! : null,
      root_id: run.rootId,
      resources: [...resources],
      from_at: run.from,
      to_at: run.to,
      names: run.names,
      workflow_id: run.workflowId,
      made_by: by.actor,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (added.numInsertedOrUpdatedRows === 0n) return;
  await sql`
    insert into backfill_parts (run_id, agency_id, location_id, resource)
    select ${id}::uuid, ${agencyId}::uuid, location_id, resource
    from unnest(${[...locationIds]}::uuid[]) as location_id, unnest(${[...resources]}::text[]) as resource
  `.execute(tx);
  const after = {
    resources: [...resources],
    locations: locationIds.length,
    from: run.from,
    to: run.to,
    names: run.names,
  };
  await audit(tx, { agencyId, action: 'backfill.start', subject: `backfill:${id}`, after, ...by });
}

/** A run of the scope. */
export async function findBackfillRun(tx: Transaction<Database>, id: string): Promise<BackfillRun | undefined> {
  return tx.selectFrom('backfill_runs').selectAll().where('id', '=', id).executeTakeFirst();
}

/** The runs of the scope, newest first. */
export async function listBackfillRuns(tx: Transaction<Database>, limit: number): Promise<BackfillRun[]> {
  return tx
    .selectFrom('backfill_runs')
    .selectAll()
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}

/** The parts of runs of the scope. */
export async function listBackfillParts(tx: Transaction<Database>, runIds: readonly string[]): Promise<BackfillPart[]> {
  if (runIds.length === 0) return [];
  return tx
    .selectFrom('backfill_parts')
    .selectAll()
    .where('run_id', 'in', runIds)
    .orderBy('location_id')
    .orderBy('resource')
    .execute();
}

/**
 * Notes what people want of a run; cancelling ends the parts that have not begun. What has ended stays so, and a
 * cancelled run is not taken up again.
 * @returns false when the run is over or there is none
 */
export async function wishOfRun(
  tx: Transaction<Database>,
  run: { agencyId: string; runId: string },
  wish: BackfillWish,
  by: BackfillActor,
): Promise<boolean> {
  const { agencyId, runId } = run;
  const before = await tx
    .selectFrom('backfill_runs')
    .selectAll()
    .where('id', '=', runId)
    .forUpdate()
    .executeTakeFirst();
  if (!before || before.ended_at !== null) return false;
  if (before.wanted === wish || before.wanted === 'cancel') return before.wanted === wish;
  await tx.updateTable('backfill_runs').set({ wanted: wish }).where('id', '=', runId).execute();
  if (wish === 'cancel') {
    await tx
      .updateTable('backfill_parts')
      .set({ state: 'cancelled', ended_at: sql<Date>`now()` })
      .where('run_id', '=', runId)
      .where('state', '=', 'waiting')
      .execute();
    await endBackfillRun(tx, runId);
  }
  const [from, to] = [before.wanted, wish].map((wanted) => ({ wanted }));
  await audit(tx, {
    agencyId,
    action: ACTION_OF[wish],
    subject: `backfill:${runId}`,
    before: from!,
    after: to!,
    ...by,
  });
  return true;
}

const ACTION_OF: Record<BackfillWish, string> = {
  run: 'backfill.resume',
  pause: 'backfill.pause',
  cancel: 'backfill.cancel',
};

/** What a run has yet to do. */
export interface BackfillWork {
  isOver: boolean;
  /** Parts to be started now, the next ones first. */
  toStart: { locationId: string; resource: BackfillResource }[];
  /** The workflows of the parts that run. */
  running: string[];
}

/**
 * What may be started next, so that `window` parts run at once, and one location after the other: those of one location
 * share its budget. A run without open parts ends here.
 * @param options.again also names the parts that run, whose workflows may have been ended by force
 */
export async function planBackfillRun(
  tx: Transaction<Database>,
  runId: string,
  options: { window: number; again: boolean },
): Promise<BackfillWork> {
  const run = await tx.selectFrom('backfill_runs').selectAll().where('id', '=', runId).executeTakeFirstOrThrow();
  const open = await sql<{ location_id: string; resource: BackfillResource; state: 'waiting' | 'running' }>`
    select location_id, resource, state from backfill_parts
    where run_id = ${runId} and state in ('waiting', 'running')
    order by row_number() over (partition by location_id order by resource), location_id
  `.execute(tx);
  if (open.rows.length === 0) await endBackfillRun(tx, runId);
  const running = open.rows.filter(({ state }) => state === 'running');
  const waiting = open.rows.filter(({ state }) => state === 'waiting');
  const next = run.wanted === 'run' ? waiting.slice(0, Math.max(0, options.window - running.length)) : [];
  const named = [...(options.again ? running : []), ...next];
  return {
    isOver: open.rows.length === 0,
    toStart: named.map(({ location_id, resource }) => ({ locationId: location_id, resource })),
    running: running.map(({ location_id, resource }) => backfillWorkflowId(location_id, resource, runId)),
  };
}

/** Ends a run all of whose parts have ended. Repeating it changes nothing. */
export async function endBackfillRun(tx: Transaction<Database>, runId: string): Promise<void> {
  await sql`
    update backfill_runs set ended_at = now()
    where id = ${runId} and ended_at is null
      and not exists (select from backfill_parts where run_id = ${runId} and state in ('waiting', 'running'))
  `.execute(tx);
}

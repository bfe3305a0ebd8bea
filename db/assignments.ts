import type { Transaction, Updateable } from 'kysely';
import type { Assignment, Database } from './schema.ts';
import { commitWith } from './scope.ts';

/** The lead's assignment that is being written to GHL, or the one GHL shows. */
export async function findAssignment(
  tx: Transaction<Database>,
  leadId: string,
  state: 'reserved' | 'active',
): Promise<Assignment | undefined> {
  return tx
    .selectFrom('assignments')
    .selectAll()
    .where('lead_id', '=', leadId)
    .where('state', '=', state)
    .executeTakeFirst();
}

/** An assignment by its id. @throws NoResultError when the scope does not hold it */
export async function getAssignment(tx: Transaction<Database>, id: string): Promise<Assignment> {
  return tx.selectFrom('assignments').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
}

/** All assignments a lead has had, oldest first. */
export async function listAssignments(tx: Transaction<Database>, leadId: string): Promise<Assignment[]> {
  return tx.selectFrom('assignments').selectAll().where('lead_id', '=', leadId).orderBy('reserved_at').execute();
}

/** Notes what GHL holds of an assignment, so that a repeated activity skips what is done. */
export async function updateAssignment(
  tx: Transaction<Database>,
  id: string,
  change: Updateable<Database['assignments']>,
): Promise<void> {
  await tx.updateTable('assignments').set(change).where('id', '=', id).execute();
}

/** The same as the last statement of its transaction, which commits with it. */
export async function rememberInAssignment(
  tx: Transaction<Database>,
  id: string,
  change: Updateable<Database['assignments']>,
): Promise<void> {
  await commitWith(tx, tx.updateTable('assignments').set(change).where('id', '=', id));
}

/** Gives the slots of a lead back, all or those in one state. Returns how many were held. */
export async function releaseAssignments(
  tx: Transaction<Database>,
  leadId: string,
  release: { reason: string; now: Date; state?: 'reserved' | 'active' },
): Promise<number> {
  let query = tx
    .updateTable('assignments')
    .set({ state: 'released', released_at: release.now, release_reason: release.reason })
    .where('lead_id', '=', leadId)
    .where('state', '<>', 'released');
  if (release.state !== undefined) query = query.where('state', '=', release.state);
  const result = await query.executeTakeFirst();
  return Number(result.numUpdatedRows);
}

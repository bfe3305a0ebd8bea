import { sql, type Transaction } from 'kysely';
import type { Database } from './schema.ts';

/** A letter about a workflow that does not get on. */
export interface WorkflowLetter {
  id: string;
  workflowId: string;
  cause: string;
}

/** The open letters about workflows of all agencies whose cause begins so. Needs the upkeep role. */
export async function listWorkflowLetters(
  tx: Transaction<Database>,
  causePrefix: 'running-long' | 'workflow-task-failing:',
): Promise<WorkflowLetter[]> {
  return tx
    .selectFrom('dead_letters')
    .select(['id', 'subject_id as workflowId', 'cause'])
    .where('subject_kind', '=', 'workflow')
    .where('resolved_at', 'is', null)
    .where(sql<boolean>`starts_with(cause, ${causePrefix})`)
    .execute();
}

/** Settles letters whose workflow goes on or has ended. Repeating it changes nothing. Needs the upkeep role. */
export async function settleWorkflowLetters(
  tx: Transaction<Database>,
  ids: readonly string[],
  now: Date,
): Promise<void> {
  if (ids.length === 0) return;
  await tx
    .updateTable('dead_letters')
    .set({ resolved_at: now, resolution: 'goes-on' })
    .where('id', 'in', ids)
    .where('subject_kind', '=', 'workflow')
    .where('resolved_at', 'is', null)
    .execute();
}

import { ApplicationFailure } from '@temporalio/activity';
import type { Transaction } from 'kysely';
import { rememberInAssignment, updateAssignment } from '../db/assignments.ts';
import type { Assignment, Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import type { StoreDeps } from './dependencies.ts';
import type { AssignmentArgs } from './lead-facts.ts';
import { judgeStoreError } from './store-failure.ts';

/** What a step has written into GHL. */
export interface Written {
  change: Partial<Pick<Assignment, 'ghl_contact_id' | 'ghl_note_id' | 'ghl_task_id' | 'ghl_opportunity_id'>>;
  /** Puts what GHL showed of it into the mirror. */
  mirror: (tx: Transaction<Database>) => Promise<void>;
}

/**
 * Remembers together, in the assignment's row, what was written. What the mirror will not have keeps no lead back: it is
 * remembered without, and the event of it is read.
 */
export type Remember = (of: AssignmentArgs, written: readonly Written[]) => Promise<void>;

export function createRemembering({ db }: Pick<StoreDeps, 'db'>): Remember {
  return async ({ agencyId, assignmentId }, written) => {
    if (written.length === 0) return;
    const change = Object.assign({}, ...written.map((each) => each.change)) as Written['change'];
    const stored = withScope(db, { agencyId }, async (tx) => {
      // Whoever looks at a contact in the mirror finds that it is our own.
      if (change.ghl_contact_id !== undefined) await updateAssignment(tx, assignmentId, change);
      for (const { mirror } of written) await mirror(tx);
      await rememberInAssignment(tx, assignmentId, change);
      return true;
    });
    if (await nullIfFinal(stored)) return;
    await withScope(db, { agencyId }, (tx) => rememberInAssignment(tx, assignmentId, change), 'one statement');
  };
}

/** Null instead of an error of the store that no other try mends. */
export async function nullIfFinal<T>(step: Promise<T>): Promise<T | null> {
  try {
    return await step;
  } catch (error) {
    if (error instanceof ApplicationFailure || judgeStoreError(error).kind !== 'final') throw error;
    return null;
  }
}

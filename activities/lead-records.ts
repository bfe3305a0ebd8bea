import { ApplicationFailure } from '@temporalio/activity';
import { NoResultError, type Transaction } from 'kysely';
import { getAssignment } from '../db/assignments.ts';
import { lockLead } from '../db/leads.ts';
import type { Assignment, Database, Lead } from '../db/schema.ts';

type Tx = Transaction<Database>;

/** Holds the lead's row until the transaction ends. @throws ApplicationFailure LeadNotFound, final, outside the scope */
export async function lockKnownLead(tx: Tx, leadId: string): Promise<Lead> {
  const lead = await lockLead(tx, leadId);
  if (!lead) throw ApplicationFailure.nonRetryable('no such lead in this agency', 'LeadNotFound');
  return lead;
}

/** An assignment of this very lead. @throws ApplicationFailure AssignmentNotFound, final: waiting brings none */
export async function getAssignmentOf(
  tx: Tx,
  { leadId, assignmentId }: { leadId: string; assignmentId: string },
): Promise<Assignment> {
  const assignment = await getAssignment(tx, assignmentId).catch((error: unknown) => {
    if (error instanceof NoResultError) return undefined;
    throw error;
  });
  return requireAssignment(assignment?.lead_id === leadId ? assignment : undefined);
}

/** @throws ApplicationFailure AssignmentNotFound, final, where the lead has none such */
export function requireAssignment(assignment: Assignment | undefined): Assignment {
  if (assignment) return assignment;
  throw ApplicationFailure.nonRetryable('no such assignment of this lead', 'AssignmentNotFound');
}

import { ApplicationFailure } from '@temporalio/activity';
import type { Kysely, Transaction } from 'kysely';
import {
  type DecisionBehind,
  findExplainedPlacement,
  findPlacementFacts,
  type PlacementFacts,
} from '../db/lead-placement.ts';
import type { Assignment, Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { getAssignmentOf } from './lead-records.ts';

export interface AssignmentArgs {
  agencyId: string;
  leadId: string;
  assignmentId: string;
}

/** What a step in GHL needs to know of an assignment. */
export interface AssignmentFacts extends PlacementFacts {
  /** The slot was given back: nothing more is told of it. */
  isReleased: boolean;
}

/** The same, with why the assignment was made. */
export type ExplainedFacts = AssignmentFacts & DecisionBehind;

/** @throws ApplicationFailure AssignmentNotFound or LocationNotConnected, both final */
export function getAssignmentFacts(db: Kysely<Database>, args: AssignmentArgs): Promise<AssignmentFacts> {
  return readFacts(db, args, findPlacementFacts);
}

/** The facts for who tells of an assignment. @throws ApplicationFailure as `getAssignmentFacts` does */
export function getExplainedFacts(db: Kysely<Database>, args: AssignmentArgs): Promise<ExplainedFacts> {
  return readFacts(db, args, findExplainedPlacement);
}

function readFacts<Facts extends PlacementFacts>(
  db: Kysely<Database>,
  args: AssignmentArgs,
  find: (tx: Transaction<Database>, assignment: Assignment) => Promise<Facts | undefined>,
): Promise<Facts & { isReleased: boolean }> {
  return withScope(db, { agencyId: args.agencyId }, async (tx) => {
    const assignment = await getAssignmentOf(tx, args);
    const facts = await find(tx, assignment);
    if (!facts) throw ApplicationFailure.nonRetryable('the location is not connected to GHL', 'LocationNotConnected');
    return { ...facts, isReleased: assignment.state === 'released' };
  });
}

/**
 * The facts of an assignment that has its contact in GHL. Undefined when nothing of it was ever written there: a lead
 * that waited in the queue of a master without GHL has no contact and no address.
 * @throws ApplicationFailure AssignmentNotFound, final
 */
export async function findWrittenFacts(
  db: Kysely<Database>,
  args: AssignmentArgs,
): Promise<(AssignmentFacts & { ghlContactId: string }) | undefined> {
  const assignment = await withScope(db, { agencyId: args.agencyId }, (tx) => getAssignmentOf(tx, args));
  const { ghl_contact_id: ghlContactId } = assignment;
  return ghlContactId === null ? undefined : { ...(await getAssignmentFacts(db, args)), ghlContactId };
}

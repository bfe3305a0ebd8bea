import { sql, type Transaction } from 'kysely';
import { v7 as uuidv7, validate as isUuid } from 'uuid';
import {
  type DeadLetterCapability,
  type DeadLetterCause,
  type DeadLetterSubject,
  DISCARDED,
  isToldOf,
  REDRIVEN,
} from '../domain/dead-letter.ts';
import { recordNotice } from './notices.ts';
import type { Database } from './schema.ts';

export interface NewDeadLetter {
  agencyId: string | null;
  locationId: string | null;
  capability: DeadLetterCapability;
  /** A stable code: the same work failing for the same cause is one letter. */
  cause: DeadLetterCause;
  /** What an operator can do, in one sentence without personal data. */
  advice: string;
  subject: { kind: DeadLetterSubject; id: string };
  workflowId: string | null;
  /**
   * When the work failed, for who may tell of the same failure again: what an operator has discarded since stays
   * discarded. Without it every telling is a failure of its own. Needs a role that may read letters.
   */
  failedAt?: Date;
}

/**
 * Puts work that stopped for good before an operator, and tells who hears of that, where it is told of at all. Repeating it
 * changes nothing.
 */
export async function addDeadLetter(tx: Transaction<Database>, letter: NewDeadLetter): Promise<void> {
  if (letter.failedAt !== undefined && (await isDiscardedSince(tx, letter, letter.failedAt))) return;
  const id = uuidv7();
  const added = await tx
    .insertInto('dead_letters')
    .values({
      id,
      agency_id: letter.agencyId,
      location_id: letter.locationId,
      capability: letter.capability,
      cause: letter.cause,
      advice: letter.advice,
      subject_kind: letter.subject.kind,
      subject_id: letter.subject.id,
      workflow_id: letter.workflowId,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  const { agencyId, locationId, capability, cause, subject } = letter;
  if (added.numInsertedOrUpdatedRows !== 1n || agencyId === null || !isToldOf(letter)) return;
  await recordNotice(tx, {
    agencyId,
    locationId,
    repId: null,
    // What came from a signal can name anything.
    leadId: subject.kind === 'lead' && isUuid(subject.id) ? subject.id : null,
    topic: 'dead-letter.left',
    occurrenceKey: id,
    occurredAt: new Date(),
    data: { deadLetterId: id, capability, cause, subjectKind: subject.kind, subjectId: subject.id },
  });
}

async function isDiscardedSince(tx: Transaction<Database>, letter: NewDeadLetter, failedAt: Date): Promise<boolean> {
  const found = await tx
    .selectFrom('dead_letters')
    .select('id')
    .where('capability', '=', letter.capability)
    .where('subject_id', '=', letter.subject.id)
    .where('cause', '=', letter.cause)
    .where('resolution', '=', DISCARDED)
    .where('resolved_at', '>=', failedAt)
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

/** Whether an open letter about this subject has a cause that begins so. */
export async function hasOpenDeadLetter(
  tx: Transaction<Database>,
  subjectId: string,
  causePrefix: string,
): Promise<boolean> {
  const found = await tx
    .selectFrom('dead_letters')
    .select('id')
    .where('subject_id', '=', subjectId)
    .where('cause', 'like', `${causePrefix}%`)
    .where('resolved_at', 'is', null)
    .executeTakeFirst();
  return found !== undefined;
}

/** Settles the open letters about a subject whose cause begins so. Repeating it changes nothing. */
export async function resolveDeadLetters(
  tx: Transaction<Database>,
  about: { subjectId: string; causePrefix: string },
  resolution: string,
  now: Date,
): Promise<void> {
  await tx
    .updateTable('dead_letters')
    .set({ resolved_at: now, resolution })
    .where('subject_id', '=', about.subjectId)
    .where('cause', 'like', `${about.causePrefix}%`)
    .where('resolved_at', 'is', null)
    .execute();
}

/**
 * Marks what is open about a lead that had lost its workflow, or whose work Temporal would not take, as done with.
 * Letters about single steps stay: nobody has repeated those.
 * @param workflowId of the lead @returns how many were open
 */
export async function resolveRedriven(tx: Transaction<Database>, workflowId: string): Promise<number> {
  const result = await tx
    .updateTable('dead_letters')
    .set({ resolved_at: sql<Date>`now()`, resolution: REDRIVEN })
    .where('workflow_id', '=', workflowId)
    .where('resolved_at', 'is', null)
    .where((where) =>
      where.or([
        where('cause', '=', 'stuck'),
        where('cause', 'like', 'unroutable:%'),
        where('cause', 'like', 'handover:%'),
      ]),
    )
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}

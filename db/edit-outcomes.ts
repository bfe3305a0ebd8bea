import { sql, type Transaction } from 'kysely';
import type { EditState } from '../domain/contact-edit.ts';
import type { FieldValue } from '../domain/mirror.ts';
import { type ContactEdit, type EditContent, listUnsettledEdits, UNSETTLED } from './contact-edits.ts';
import type { Database } from './schema.ts';

export interface Settlement {
  editId: string;
  state: Exclude<EditState, 'pending' | 'superseded'>;
  reason: string;
  /** What GHL showed instead. */
  theirs?: FieldValue;
}

/** Writes down what became of edits; one that a newer has replaced meanwhile stays replaced. */
export async function settleEdits(
  tx: Transaction<Database>,
  settlements: readonly Settlement[],
  now: Date,
): Promise<void> {
  for (const { editId, state, reason, theirs } of settlements) {
    const isOver = state !== 'held';
    await tx
      .updateTable('contact_edits')
      .set({
        state,
        reason,
        last_error: state === 'failed' ? reason : null,
        settled_at: isOver ? now : null,
        ...(theirs !== undefined && {
          content: sql<string>`content || ${JSON.stringify({ theirs })}::jsonb`,
        }),
      })
      .where('id', '=', editId)
      .where('state', '=', 'pending')
      .execute();
  }
}

/** An attempt did not get through: what is pending is deferred, for this cause. */
export async function deferEdits(
  tx: Transaction<Database>,
  contactId: string,
  cause: string,
  now: Date,
): Promise<void> {
  await tx
    .updateTable('contact_edits')
    .set({ attempts: sql<number>`attempts + 1`, last_error: cause, tried_at: now })
    .where('contact_id', '=', contactId)
    .where('state', '=', 'pending')
    .execute();
}

/**
 * Ends a held edit by an operator's word: ours goes to GHL over what GHL showed, or GHL's stands. Should GHL's value
 * move once more, it is asked again.
 * @returns false when it is not held
 */
export async function resolveHeldEdit(
  tx: Transaction<Database>,
  edit: ContactEdit,
  keep: 'ours' | 'ghl',
  now: Date,
): Promise<boolean> {
  const { value, theirs } = edit;
  const content: EditContent = { value, bases: [...edit.bases, theirs], theirs };
  const resolved = await tx
    .updateTable('contact_edits')
    .set(
      keep === 'ours'
        ? { state: 'pending', reason: 'operator', content: JSON.stringify(content) }
        : { state: 'overruled', reason: 'operator', settled_at: now },
    )
    .where('id', '=', edit.id)
    .where('state', '=', 'held')
    .executeTakeFirst();
  return resolved.numUpdatedRows === 1n;
}

/** Lets the held edits of a contact go on: an operator has said who it is. */
export async function releaseHeldEdits(tx: Transaction<Database>, contactId: string): Promise<void> {
  await tx
    .updateTable('contact_edits')
    .set({ state: 'pending', reason: 'operator' })
    .where('contact_id', '=', contactId)
    .where('state', '=', 'held')
    .execute();
}

/** Ends all that is unsettled of a contact that is not to be. */
export async function discardEdits(tx: Transaction<Database>, contactId: string, now: Date): Promise<void> {
  await tx
    .updateTable('contact_edits')
    .set({ state: 'overruled', reason: 'operator', settled_at: now })
    .where('contact_id', '=', contactId)
    .where('state', 'in', UNSETTLED)
    .execute();
}

/** Hands the edits of a contact that has become another over to that one; of two for a field the other's own stays. */
export async function moveEdits(tx: Transaction<Database>, fromId: string, toId: string, now: Date): Promise<void> {
  const own = new Set((await listUnsettledEdits(tx, [toId])).map((edit) => edit.field as string));
  const moved = await listUnsettledEdits(tx, [fromId]);
  const lost = moved.filter((edit) => own.has(edit.field)).map((edit) => edit.id);
  const kept = moved.filter((edit) => !own.has(edit.field)).map((edit) => edit.id);
  if (lost.length > 0) {
    const superseded = { state: 'superseded' as const, reason: 'newer-edit', settled_at: now };
    await tx.updateTable('contact_edits').set(superseded).where('id', 'in', lost).execute();
  }
  if (kept.length > 0)
    await tx.updateTable('contact_edits').set({ contact_id: toId }).where('id', 'in', kept).execute();
}

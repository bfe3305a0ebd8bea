import type { Selectable, Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { basesAfter, type FieldEdit } from '../domain/contact-conflict.ts';
import { type EditOrigin, type EditState, overlay } from '../domain/contact-edit.ts';
import { type FieldName, isSameValue, valueOf } from '../domain/contact-fields.ts';
import { mappedTypeOf } from '../domain/field-mapping.ts';
import type { FieldValue } from '../domain/mirror.ts';
import { type Contact, noteLocalIdentity } from './contacts.ts';
import { resolveDeadLetters } from './dead-letters.ts';
import { listFieldMappings } from './field-mappings.ts';
import type { Database } from './schema.ts';
import type { ContactEditTable } from './schema/contacts.ts';

/** An edit with what is in its content. */
export interface ContactEdit extends FieldEdit {
  id: string;
  contactId: string;
  agencyId: string;
  locationId: string;
  /** What GHL showed when it was held or overruled; for one whose person was not sure, the ids in GHL. */
  theirs: FieldValue;
  actor: string;
  origin: EditOrigin;
  state: EditState;
  reason: string | null;
  attempts: number;
  lastError: string | null;
}

/** What is in an edit's content. */
export interface EditContent {
  value: FieldValue;
  bases: FieldValue[];
  theirs?: FieldValue;
  fillsOnly?: boolean;
}

const read = (row: Selectable<ContactEditTable>): ContactEdit => {
  const { value, bases, theirs = null, fillsOnly = false } = row.content as unknown as EditContent;
  return {
    id: row.id,
    contactId: row.contact_id,
    agencyId: row.agency_id,
    locationId: row.location_id,
    field: row.field as FieldName,
    value,
    bases,
    theirs,
    fillsOnly,
    madeAt: row.made_at,
    actor: row.actor,
    origin: row.origin,
    state: row.state,
    reason: row.reason,
    attempts: row.attempts,
    lastError: row.last_error,
  };
};

export const UNSETTLED: EditState[] = ['pending', 'held', 'failed'];

/** What of these contacts is not settled, oldest first. */
export async function listUnsettledEdits(
  tx: Transaction<Database>,
  contactIds: readonly string[],
): Promise<ContactEdit[]> {
  if (contactIds.length === 0) return [];
  const rows = await tx
    .selectFrom('contact_edits')
    .selectAll()
    .where('contact_id', 'in', contactIds)
    .where('state', 'in', UNSETTLED)
    .orderBy('id')
    .execute();
  return rows.map(read);
}

/** An edit of the scope by its id. */
export async function findEdit(tx: Transaction<Database>, id: string): Promise<ContactEdit | undefined> {
  const row = await tx.selectFrom('contact_edits').selectAll().where('id', '=', id).executeTakeFirst();
  return row && read(row);
}

/** The edits that wait for an operator, oldest first; of a contact that is deleted there is nothing to decide. */
export async function listHeldEdits(
  tx: Transaction<Database>,
  { locationId, limit }: { locationId: string | undefined; limit: number },
): Promise<ContactEdit[]> {
  let query = tx
    .selectFrom('contact_edits')
    .innerJoin('contacts', 'contacts.id', 'contact_edits.contact_id')
    .selectAll('contact_edits')
    .where('state', '=', 'held')
    .where('contacts.deleted_at', 'is', null);
  if (locationId !== undefined) query = query.where('contact_edits.location_id', '=', locationId);
  return (await query.orderBy('contact_edits.id').limit(limit).execute()).map(read);
}

export interface EditAct {
  actor: string;
  origin: EditOrigin;
  now: Date;
}

/**
 * Takes changes of a contact, which the caller holds. What it is to have already is left out. An edit takes the place of
 * one of the same field that GHL has not got for sure. A contact that GHL would not take is tried again with all it has.
 * @returns the fields that are changed, and the newest edit
 */
export async function addEdits(
  tx: Transaction<Database>,
  contact: Contact,
  changes: readonly { field: FieldName; value: FieldValue }[],
  act: EditAct,
): Promise<{ fields: FieldName[]; newestId: string | undefined }> {
  const unsettled = await listUnsettledEdits(tx, [contact.id]);
  const isInGhl = contact.ghl_id !== null;
  const mappings = await listFieldMappings(tx, contact.location_id);
  const wanted = changes.flatMap(({ field, value }) => {
    const shown = isInGhl ? valueOf(contact.fields, field) : null;
    const before = unsettled.find((edit) => edit.field === field);
    const isSame = (other: FieldValue): boolean => isSameValue(field, other, value, mappedTypeOf(mappings, field));
    const isWanted = before?.state === 'pending' ? isSame(before.value) : undefined;
    if (isWanted ?? (!before && isSame(shown))) return [];
    return [{ field, value, bases: before ? basesAfter(before, shown) : [shown] }];
  });
  if (wanted.length === 0) return { fields: [], newestId: undefined };
  const fields = wanted.map(({ field }) => field);
  await tx
    .updateTable('contact_edits')
    .set({ state: 'superseded', reason: 'newer-edit', settled_at: act.now })
    .where('contact_id', '=', contact.id)
    .where('field', 'in', fields)
    .where('state', 'in', UNSETTLED)
    .execute();
  const edits = wanted.map((each) => ({ id: uuidv7(), ...each }));
  await tx
    .insertInto('contact_edits')
    .values(
      edits.map(({ id, field, value, bases }) => ({
        id,
        agency_id: contact.agency_id,
        location_id: contact.location_id,
        contact_id: contact.id,
        field,
        content: JSON.stringify({
          value,
          bases,
          fillsOnly: !isInGhl && (field === 'email' || field === 'phone'),
        } satisfies EditContent),
        actor: act.actor,
        origin: act.origin,
        made_at: act.now,
        tried_at: act.now,
        state: 'pending' as const,
      })),
    )
    .execute();
  if (!isInGhl) {
    await reviveEdits(tx, contact.id, ['failed', 'held']);
    const fieldsToBe = overlay({}, await listUnsettledEdits(tx, [contact.id]), false);
    const [email, phone] = [valueOf(fieldsToBe, 'email'), valueOf(fieldsToBe, 'phone')];
    await noteLocalIdentity(tx, contact.id, { email, phone });
  }
  await settleLetters(tx, contact.id, 'edited', act.now);
  return { fields, newestId: edits.at(-1)?.id };
}

/** Lets what failed be tried again. @returns how many */
export async function reviveEdits(
  tx: Transaction<Database>,
  contactId: string,
  states: EditState[] = ['failed'],
): Promise<number> {
  const revived = await tx
    .updateTable('contact_edits')
    .set({ state: 'pending', reason: null, attempts: 0, last_error: null, settled_at: null })
    .where('contact_id', '=', contactId)
    .where('state', 'in', states)
    .executeTakeFirst();
  return Number(revived.numUpdatedRows);
}

/** Settles the letters about a contact's edits once none of them is failed any more. */
export async function settleLetters(
  tx: Transaction<Database>,
  contactId: string,
  resolution: string,
  now: Date,
): Promise<void> {
  const isFailed = (await listUnsettledEdits(tx, [contactId])).some((edit) => edit.state === 'failed');
  if (!isFailed) await resolveDeadLetters(tx, { subjectId: contactId, causePrefix: 'edit:' }, resolution, now);
}

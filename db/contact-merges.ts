import { type Selectable, type Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { contactMergeWorkflowId } from '../domain/workflow-ids.ts';
import { audit } from './audit-log.ts';
import { type EditAct, listUnsettledEdits } from './contact-edits.ts';
import { type Contact, lockContact, markMerged } from './contacts.ts';
import { addDeadLetter, resolveDeadLetters } from './dead-letters.ts';
import { contactMergeWork } from './contact-work.ts';
import { addWork } from './event-capabilities.ts';
import type { Database } from './schema.ts';
import type { ContactMergeTable } from './schema/contacts.ts';

export type ContactMerge = Selectable<ContactMergeTable>;

/** Whether a merge of this contact is under way. */
export async function isBeingMerged(tx: Transaction<Database>, contactId: string): Promise<boolean> {
  const found = await tx
    .selectFrom('contact_merges')
    .select('id')
    .where('outcome', 'is', null)
    .where((where) => where.or([where('survivor_id', '=', contactId), where('loser_id', '=', contactId)]))
    .executeTakeFirst();
  return found !== undefined;
}

export async function findMerge(tx: Transaction<Database>, id: string): Promise<ContactMerge | undefined> {
  return tx.selectFrom('contact_merges').selectAll().where('id', '=', id).executeTakeFirst();
}

export type MergeRequestRefusal =
  | 'unknown'
  | 'same-contact'
  | 'other-location'
  | 'not-in-ghl'
  | 'contact-deleted'
  | 'changes-unsettled'
  | 'contact-being-merged';

/**
 * Takes an operator's decision that two contacts of a location are one person, and what carries it out. Asked again
 * after it failed, it goes on where it stopped, by what may be lost as it is said now.
 */
export async function requestMerge(
  tx: Transaction<Database>,
  of: { survivorId: string; loserId: string; acceptsLoss: boolean },
  act: EditAct,
): Promise<{ mergeId: string } | { refused: MergeRequestRefusal }> {
  // Held in one order, so that two merges of the same pair do not wait for each other.
  const [first, second] = [of.survivorId, of.loserId].sort() as [string, string];
  const held = [await lockContact(tx, first), await lockContact(tx, second)];
  const [survivor, loser] = of.survivorId === first ? held : held.reverse();
  if (!survivor || !loser) return { refused: 'unknown' };
  const failed = await findFailed(tx, survivor.id, loser.id);
  // Once it was to be deleted, it may be so by this very merge.
  const isLoserOver = loser.deleted_at !== null && failed?.carried != null;
  const refused = await refuse(tx, survivor, loser, isLoserOver);
  if (refused) return { refused };
  const pair = { survivorId: survivor.id, loserId: loser.id, acceptsLoss: of.acceptsLoss };
  if (failed) {
    await tx
      .updateTable('contact_merges')
      .set({ outcome: null, reason: null, ended_at: null, tried_at: act.now, accepts_loss: of.acceptsLoss })
      .where('id', '=', failed.id)
      .execute();
    await resolveDeadLetters(tx, { subjectId: failed.id, causePrefix: 'merge:' }, 'redriven', act.now);
    await note(tx, survivor, failed.id, pair, act);
    return { mergeId: failed.id };
  }
  const mergeId = uuidv7();
  await tx
    .insertInto('contact_merges')
    .values({
      id: mergeId,
      agency_id: survivor.agency_id,
      location_id: survivor.location_id,
      survivor_id: survivor.id,
      loser_id: loser.id,
      accepts_loss: of.acceptsLoss,
      actor: act.actor,
      origin: act.origin,
      made_at: act.now,
      tried_at: act.now,
    })
    .execute();
  await note(tx, survivor, mergeId, pair, act);
  return { mergeId };
}

async function findFailed(
  tx: Transaction<Database>,
  survivorId: string,
  loserId: string,
): Promise<ContactMerge | undefined> {
  return tx
    .selectFrom('contact_merges')
    .selectAll()
    .where('survivor_id', '=', survivorId)
    .where('loser_id', '=', loserId)
    .where('outcome', '=', 'failed')
    .executeTakeFirst();
}

async function refuse(
  tx: Transaction<Database>,
  survivor: Contact,
  loser: Contact,
  isLoserOver: boolean,
): Promise<MergeRequestRefusal | undefined> {
  if (survivor.id === loser.id) return 'same-contact';
  if (survivor.location_id !== loser.location_id) return 'other-location';
  if (survivor.deleted_at !== null || (loser.deleted_at !== null && !isLoserOver)) return 'contact-deleted';
  if (survivor.ghl_id === null || loser.ghl_id === null) return 'not-in-ghl';
  const changed = isLoserOver ? [survivor.id] : [survivor.id, loser.id];
  if ((await listUnsettledEdits(tx, changed)).length > 0) return 'changes-unsettled';
  if ((await isBeingMerged(tx, survivor.id)) || (await isBeingMerged(tx, loser.id))) return 'contact-being-merged';
  return undefined;
}

async function note(
  tx: Transaction<Database>,
  { agency_id: agencyId, location_id: locationId }: Contact,
  mergeId: string,
  { survivorId, loserId, acceptsLoss }: { survivorId: string; loserId: string; acceptsLoss: boolean },
  act: EditAct,
): Promise<void> {
  const after = { mergeId, loserId, acceptsLoss };
  const done = { action: 'contact.merge', subject: `contact:${survivorId}`, after };
  await audit(tx, { agencyId, actor: act.actor, origin: act.origin, ...done });
  await addWork(tx, [contactMergeWork({ agencyId, locationId, mergeId }, act.now)]);
}

/**
 * Lets the leads of the contact that goes follow, open and closed ones. Before GHL deletes it, for its deletion would end
 * them. Repeatable.
 */
export async function moveLeads(tx: Transaction<Database>, agencyId: string, from: string, to: string): Promise<void> {
  await tx
    .updateTable('leads')
    .set({ source_contact_id: to })
    .where('agency_id', '=', agencyId)
    .where('source_contact_id', '=', from)
    .execute();
  await tx
    .updateTable('assignments')
    .set({ ghl_contact_id: to })
    .where('agency_id', '=', agencyId)
    .where('ghl_contact_id', '=', from)
    .execute();
}

/** Keeps what of the contact that goes, which is there still, is to follow once it is gone. */
export async function keepCarried(
  tx: Transaction<Database>,
  mergeId: string,
  carried: Partial<Record<'email' | 'phone', string>>,
): Promise<void> {
  await tx
    .updateTable('contact_merges')
    .set({ carried: JSON.stringify(carried) })
    .where('id', '=', mergeId)
    .execute();
}

/** Ends a merge; the end that was noted first stands. One that failed goes to an operator. */
export async function endMerge(
  tx: Transaction<Database>,
  merge: ContactMerge,
  end: { outcome: 'merged' | 'refused' | 'failed'; reason: string; now: Date },
): Promise<void> {
  const { id, agency_id: agencyId, location_id: locationId, survivor_id: survivorId, loser_id: loserId } = merge;
  const { outcome, reason, now } = end;
  const ended = await tx
    .updateTable('contact_merges')
    .set({ outcome, reason, ended_at: now, ...(outcome === 'merged' && { carried: null }) })
    .where('id', '=', id)
    .where('outcome', 'is', null)
    .executeTakeFirst();
  if (ended.numUpdatedRows === 0n) return;
  if (outcome === 'merged') await markMerged(tx, loserId, survivorId, now);
  const done = { action: `contact.merge.${outcome}`, subject: `contact:${survivorId}`, after: { mergeId: id, reason } };
  await audit(tx, { agencyId, actor: merge.actor, origin: 'workflow', ...done });
  if (outcome !== 'failed') return;
  await addDeadLetter(tx, {
    agencyId,
    locationId,
    capability: 'contact-sync',
    cause: `merge:${reason}`,
    advice: `A merge stopped half way. Mend the cause and run \`contacts merge ${survivorId} ${loserId}\` again: it goes on where it stopped.`,
    subject: { kind: 'contact-merge', id },
    workflowId: contactMergeWorkflowId(locationId, id),
  });
}

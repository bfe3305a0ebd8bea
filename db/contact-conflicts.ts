import type { Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { audit } from './audit-log.ts';
import { type ContactEdit, type EditAct, findEdit } from './contact-edits.ts';
import { discardEdits, moveEdits, releaseHeldEdits, resolveHeldEdit } from './edit-outcomes.ts';
import { contactEditedWork } from './contact-work.ts';
import { discardLocalContact, linkContact, lockContact } from './contacts.ts';
import { addWork } from './event-capabilities.ts';
import type { Database } from './schema.ts';

/** What an operator says of a conflict: whose value stands; or of a new contact, who it is, or that it is not to be. */
export type Resolution = { keep: 'ours' | 'ghl' } | { ghlContactId: string } | { discard: true };

export type ResolutionOutcome = 'resolved' | 'unknown' | 'not-held' | 'does-not-fit';

/** A new contact for which GHL has more than one candidate; the ids are those in GHL. */
export const candidatesOf = (edit: ContactEdit): string[] | undefined =>
  IDENTITY_REASONS.has(edit.reason ?? '') && Array.isArray(edit.theirs)
    ? edit.theirs.filter((each) => typeof each === 'string')
    : undefined;

const IDENTITY_REASONS = new Set(['two-contacts', 'email-differs', 'phone-of-another']);

/** Ends a conflict by an operator's word, which the audit log keeps; what follows goes to GHL by the inbox. */
export async function resolveConflict(
  tx: Transaction<Database>,
  editId: string,
  resolution: Resolution,
  act: EditAct,
): Promise<ResolutionOutcome> {
  const found = await findEdit(tx, editId);
  const contact = found && (await lockContact(tx, found.contactId));
  const edit = contact && (await findEdit(tx, editId));
  if (!edit) return 'unknown';
  if (edit.state !== 'held') return 'not-held';
  const candidates = candidatesOf(edit);
  if ('keep' in resolution ? candidates !== undefined : candidates === undefined) return 'does-not-fit';
  let target = contact;
  if ('keep' in resolution) {
    await resolveHeldEdit(tx, edit, resolution.keep, act.now);
  } else if ('discard' in resolution) {
    await discardEdits(tx, contact.id, act.now);
    await discardLocalContact(tx, contact.id, act.now);
  } else {
    if (candidates?.includes(resolution.ghlContactId) !== true) return 'does-not-fit';
    target = await linkContact(tx, contact, resolution.ghlContactId);
    await releaseHeldEdits(tx, contact.id);
    if (target.id !== contact.id) await moveEdits(tx, contact.id, target.id, act.now);
  }
  await audit(tx, {
    agencyId: contact.agency_id,
    actor: act.actor,
    origin: act.origin,
    action: 'contact-conflict.resolve',
    subject: `contact:${contact.id}`,
    after: { ...resolution, field: edit.field.startsWith('tag:') ? 'tags' : edit.field },
  });
  if (!('discard' in resolution)) await addWork(tx, [contactEditedWork(target, uuidv7(), act.now)]);
  return 'resolved';
}

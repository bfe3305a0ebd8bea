import type { Transaction } from 'kysely';
import { type ContactEdit } from '../db/contact-edits.ts';
import { settleEdits, type Settlement } from '../db/edit-outcomes.ts';
import { type Contact, type LineageEntry, lockContact, noteLineage } from '../db/contacts.ts';
import { addDeadLetter } from '../db/dead-letters.ts';
import { markGone } from '../db/gone-records.ts';
import type { MirrorPlace } from '../db/mirror-place.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { noteLacking } from '../db/trigger-observations.ts';
import { writtenBlocks } from '../domain/contact-blocks.ts';
import { choosePolicy, judgeEdit, type StoredPolicy } from '../domain/contact-conflict.ts';
import { planWrites } from '../domain/contact-edit.ts';
import { type FieldName, isSameValue, readFieldName, valueOf } from '../domain/contact-fields.ts';
import { contactSyncWorkflowId } from '../domain/workflow-ids.ts';
import { isDeepEqual, type Fields, type FieldValue, type Observation } from '../domain/mirror.ts';
import { newsOfContact } from '../domain/mirror-news.ts';
import { isOwnSource } from '../domain/own-writes.ts';
import type { LocationCall } from '../ghl/calls.ts';
import { addContactTags, getContact, removeContactTags, updateContact } from '../ghl/contacts.ts';
import type { ContactUpdateFields } from '../ghl/contact-schema.ts';
import { GhlDuplicateContactError, GhlInvalidError, GhlNotFoundError } from '../ghl/errors.ts';
import { type EditTarget, editCall } from './contact-target.ts';
import type { GhlDeps } from './dependencies.ts';
import { takeSeen, tellGone } from './mirror-news.ts';
import { observeContact } from './mirror-observations.ts';

const CONTACT_GONE = 'contact-gone';

type PushDeps = Omit<GhlDeps, 'notifier'>;

/**
 * Writes what is pending of a contact that GHL has: reads it, decides each conflict, writes only what differs, and reads
 * again what has become of it. Repeatable after any failure: what GHL has taken already is found done.
 * @throws GhlError
 */
export async function pushEdits(deps: PushDeps, target: EditTarget & { ghlId: string }): Promise<void> {
  const { contact, address, policies, ghlId } = target;
  const scope = { agencyId: contact.agency_id };
  const call = editCall(address);
  const place: MirrorPlace = { agencyId: contact.agency_id, locationId: contact.location_id, resource: 'contact' };

  const before = await observe(deps, call, ghlId);
  if (before === 'gone') {
    await withScope(deps.db, scope, (tx) => giveUpGone(tx, deps, place, target));
    return;
  }
  const toPush = await withScope(deps.db, scope, async (tx) => {
    await takeSeen(tx, deps, place, [before], { foundBy: 'edit' });
    const known = (await lockContact(tx, contact.id)) ?? contact;
    const edits = await decide(tx, target.pending, { known, seen: before, policies, now: deps.now() });
    // A tag that a person sets here is a step for triggers as one set in GHL is, however old the contact is.
    if (edits.some(isOfTriggers)) await noteLacking(tx, place, newsOfContact(before).facts, before.observedAt);
    return edits;
  });
  if (toPush.length === 0) return;

  const written = await write(deps, call, before, toPush);
  const after = await observe(deps, call, ghlId);
  await withScope(deps.db, scope, async (tx) => {
    if (after === 'gone') return giveUpGone(tx, deps, place, target);
    // Before its edits, as who makes one does: what is known of it already is not locked by writing it.
    await lockContact(tx, contact.id);
    await takeSeen(tx, deps, place, [after], { foundBy: 'edit' });
    const settlements = toPush.map((edit) => judgeWritten(edit, after, written));
    await settle(tx, contact, toPush, settlements, deps.now());
  });
}

async function observe(deps: PushDeps, call: LocationCall, ghlId: string): Promise<Observation | 'gone'> {
  const askedAt = deps.now();
  try {
    return observeContact(await getContact(deps.ghl, call, ghlId), askedAt);
  } catch (error) {
    if (error instanceof GhlNotFoundError && error.reason === 'not-found') return 'gone';
    throw error;
  }
}

/** Settles what needs no write. @returns the edits to write */
async function decide(
  tx: Transaction<Database>,
  pending: readonly ContactEdit[],
  of: { known: Contact; seen: Observation; policies: readonly StoredPolicy[]; now: Date },
): Promise<ContactEdit[]> {
  const { known, seen, policies, now } = of;
  const settlements: Settlement[] = [];
  const toPush = pending.filter((edit) => {
    const value = valueOf(seen.fields, edit.field);
    const judged = judgeEdit(
      edit,
      { value, changedAt: changedAtOf(known, seen, edit) },
      choosePolicy(policies, edit.field),
    );
    const isFixed = judged.verdict === 'push' && isFixedHere(edit.field, value);
    if (judged.verdict === 'push' && !isFixed) return true;
    const { reason } = judged;
    if (isFixed) settlements.push({ editId: edit.id, state: 'overruled', reason: 'not-changeable', theirs: value });
    else if (judged.verdict === 'done') settlements.push({ editId: edit.id, state: 'synced', reason });
    else
      settlements.push({
        editId: edit.id,
        state: judged.verdict === 'hold' ? 'held' : 'overruled',
        reason,
        theirs: value,
      });
    return false;
  });
  await settle(tx, known, pending, settlements, now);
  return toPush;
}

const isOfTriggers = ({ field }: ContactEdit): boolean => ['tag', 'custom'].includes(readFieldName(field).kind);

/** Only a new contact can be given a company; and by its source one that was made here is known to be no lead. */
const isFixedHere = (field: FieldName, value: FieldValue): boolean =>
  field === 'companyName' || (field === 'source' && isOwnSource(value));

/** Since when GHL shows a field so, at the latest: of the contact it tells only when anything changed last. */
function changedAtOf(known: Contact, seen: Observation, edit: ContactEdit): Date {
  const entry = known.lineage[edit.field] as LineageEntry | undefined;
  const isKnownSo = isDeepEqual(valueOf(known.fields, edit.field), valueOf(seen.fields, edit.field));
  return entry && isKnownSo ? new Date(entry.at) : (seen.ghlUpdatedAt ?? seen.observedAt);
}

/** What GHL said to the writes: which edits it refused and why, and which its answers showed to be done. */
interface Written {
  refused: Map<string, string>;
  taken: Set<string>;
}

/** Fields in one request; where GHL refuses them together each alone, so that one bad value keeps no other back. */
async function write(
  deps: PushDeps,
  call: LocationCall,
  { ghlId, fields }: Observation,
  edits: readonly ContactEdit[],
): Promise<Written> {
  const written: Written = { refused: new Map(), taken: new Set() };
  const ofFields = edits.filter((edit) => !edit.field.startsWith('tag:'));
  const [added, removed] = [true, false].map((has) =>
    edits.filter((edit) => edit.field.startsWith('tag:') && edit.value === has),
  ) as [ContactEdit[], ContactEdit[]];
  if (!(await put(ofFields)) && ofFields.length > 1) for (const edit of ofFields) await put([edit]);
  if (added.length > 0) {
    const { tagsToAdd } = planWrites(added);
    await noteRefusal(added, async () => noteTags(added, await addContactTags(deps.ghl, call, ghlId, tagsToAdd)));
  }
  if (removed.length > 0) {
    const { tagsToRemove } = planWrites(removed);
    await noteRefusal(removed, async () =>
      noteTags(removed, await removeContactTags(deps.ghl, call, ghlId, tagsToRemove)),
    );
  }
  return written;

  async function put(these: readonly ContactEdit[]): Promise<boolean> {
    if (these.length === 0) return true;
    const askedAt = deps.now();
    return noteRefusal(these, async () => {
      const { plain, custom, blocks } = planWrites(these);
      const body: ContactUpdateFields = {
        ...plain,
        ...(custom.length > 0 && { customFields: custom.map(toWritten) }),
        ...(Object.keys(blocks).length > 0 && { dndSettings: writtenBlocks(fields, blocks) }),
      };
      noteShown(these, observeContact(await updateContact(deps.ghl, call, ghlId, body), askedAt).fields);
    });
  }

  function noteTags(these: readonly ContactEdit[], tags: string[]): void {
    noteShown(these, { tags });
  }

  function noteShown(these: readonly ContactEdit[], fields: Fields): void {
    for (const edit of these) if (shows(fields, edit)) written.taken.add(edit.id);
  }

  async function noteRefusal(these: readonly ContactEdit[], step: () => Promise<unknown>): Promise<boolean> {
    for (const { id } of these) written.refused.delete(id);
    try {
      await step();
      return true;
    } catch (error) {
      if (!(error instanceof GhlInvalidError || error instanceof GhlDuplicateContactError)) throw error;
      for (const { id } of these) written.refused.set(id, error.code);
      return false;
    }
  }
}

type WrittenValue = NonNullable<ContactUpdateFields['customFields']>[number]['value'];

/** A custom field as a body has it: the types of ours that can be written hold nothing else. */
export const toWritten = ({ id, value }: { id: string; value: FieldValue }) => ({ id, value: value as WrittenValue });

const shows = (fields: Fields, { field, value, type }: ContactEdit): boolean =>
  isSameValue(field, valueOf(fields, field), value, type);

/** What GHL shows counts, whatever it said: it has been seen to refuse and do, and to accept and not do. */
function judgeWritten(edit: ContactEdit, after: Observation, { refused, taken }: Written): Settlement {
  const editId = edit.id;
  if (shows(after.fields, edit)) return { editId, state: 'synced', reason: 'written' };
  const refusal = refused.get(editId);
  if (refusal !== undefined) return { editId, state: 'failed', reason: refusal };
  if (taken.has(editId)) return { editId, state: 'synced', reason: 'changed-since' };
  return { editId, state: 'failed', reason: 'not-taken' };
}

/** Writes down what became of edits, whose values those in GHL are from now on, and what an operator has to see. */
async function settle(
  tx: Transaction<Database>,
  contact: Contact,
  edits: readonly ContactEdit[],
  settlements: readonly Settlement[],
  now: Date,
): Promise<void> {
  await settleEdits(tx, settlements, now);
  const synced = settlements.filter(({ state, reason }) => state === 'synced' && reason !== 'changed-since');
  const lineage = synced.flatMap(({ editId }): [string, LineageEntry][] => {
    const edit = edits.find((each) => each.id === editId);
    return edit ? [[edit.field, { origin: edit.origin, actor: edit.actor, at: edit.madeAt.toISOString() }]] : [];
  });
  await noteLineage(tx, contact.id, Object.fromEntries(lineage));
  const refused = settlements.find(({ state }) => state === 'failed');
  if (refused) await addEditLetter(tx, contact, refused.reason);
}

async function giveUpGone(
  tx: Transaction<Database>,
  deps: PushDeps,
  place: MirrorPlace,
  { contact, pending, ghlId }: EditTarget & { ghlId: string },
): Promise<void> {
  const now = deps.now();
  await tellGone(tx, deps, place, await markGone(tx, place, [ghlId], now), now);
  const settlements = pending.map(({ id }) => ({ editId: id, state: 'failed' as const, reason: CONTACT_GONE }));
  await settle(tx, contact, pending, settlements, now);
}

/** Puts changes that GHL does not take before an operator. Repeating it changes nothing. */
export async function addEditLetter(tx: Transaction<Database>, contact: Contact, cause: string): Promise<void> {
  const { id, agency_id: agencyId, location_id: locationId, ghl_id: ghlId } = contact;
  await addDeadLetter(tx, {
    agencyId,
    locationId,
    capability: 'contact-sync',
    cause: `edit:${cause}`,
    advice:
      cause === CONTACT_GONE
        ? `GHL has this contact no more; contacts show ${id} tells which change it did not get. Should GHL have it again, ` +
          `run \`contacts redrive ${id}\`.`
        : `GHL does not take a change of this contact; contacts show ${id} tells which. Change it again with another value, ` +
          `or mend the cause and run \`contacts redrive ${id}\`.`,
    subject: { kind: 'contact', id },
    workflowId: contactSyncWorkflowId(locationId, ghlId ?? `new:${id}`),
  });
}

import type { Transaction } from 'kysely';
import { v5 as uuidv5, v7 as uuidv7 } from 'uuid';
import { BACKFILL_RESOURCES } from '../domain/backfill.ts';
import { contactChangeSchema } from '../domain/contact-change-schema.ts';
import type { NoRedrive, RedriveWay } from '../domain/dead-letter.ts';
import type { RedriveRefusal } from '../domain/redrive-report.ts';
import { backfillRunWorkflowId, leadIntakeWorkflowId } from '../domain/workflow-ids.ts';
import { addBackfillRun, findBackfillRun } from './backfill-runs.ts';
import { letBackfillStart } from './backfill-start.ts';
import { redriveContact } from './contact-changes.ts';
import { findMerge, isBeingMerged, requestMerge } from './contact-merges.ts';
import { contactChangeWork } from './contact-work.ts';
import { lockContact } from './contacts.ts';
import type { LetterAct } from './dead-letter-discard.ts';
import type { DeadLetter } from './dead-letter-list.ts';
import { resolveDeadLetters, resolveRedriven } from './dead-letters.ts';
import { addWork } from './event-capabilities.ts';
import { findKeptEvent, findKeptInstall } from './kept-events.ts';
import { findLead } from './leads.ts';
import { findLocation } from './locations.ts';
import { reopenDelivery } from './notice-deliveries.ts';
import { notificationWork } from './notices.ts';
import { makePassDue } from './poll-passes.ts';
import { isPollable } from './poll-turns.ts';
import {
  eventRedriveWork,
  exhumeWork,
  fieldsRedriveWork,
  findAccountWork,
  isAskingForFields,
  leadRedriveWork,
} from './redrive-work.ts';
import type { Database } from './schema.ts';

type Tx = Transaction<Database>;
/** A letter of a known agency. */
export type OwnedLetter = DeadLetter & { agency_id: string };
type Refusal = Exclude<RedriveRefusal, NoRedrive>;
type Way = (tx: Tx, letter: OwnedLetter, act: LetterAct) => Promise<Refusal | 'done'>;

const causeOf = (letter: OwnedLetter, { now }: LetterAct) => ({
  agencyId: letter.agency_id,
  locationId: letter.location_id,
  letterId: letter.id,
  now,
});

/**
 * How each kind of work is set going again, in the scope of who asks: in the transaction that settles the letter, so that
 * it happens once. What needs Temporal waits in the inbox.
 */
export const REDRIVE_WAYS: Record<RedriveWay, Way> = {
  async lead(tx, letter, act) {
    const lead = await findLead(tx, letter.subject_id);
    if (!lead) return 'lead-unknown';
    if (lead.state === 'closed') return 'lead-closed';
    await addWork(tx, [leadRedriveWork(causeOf(letter, act), lead.id)]);
    await resolveRedriven(tx, leadIntakeWorkflowId(letter.agency_id, lead.id));
    return 'done';
  },

  async inbox(tx, letter, { now }) {
    const { subject_id: causeId, workflow_id: workflowId } = letter;
    const causes = workflowId === null ? [] : await exhumeWork(tx, { causeId, workflowId }, now);
    if (causes.length === 0) return 'nothing-buried';
    for (const each of causes)
      await resolveDeadLetters(tx, { subjectId: each, causePrefix: 'handover:' }, 'redriven', now);
    return 'done';
  },

  async 'read-event'(tx, letter, act) {
    const event = await findKeptEvent(tx, letter.subject_id, letter.created_at);
    if (!event) return 'event-gone';
    await addWork(tx, [eventRedriveWork(causeOf(letter, act), event)]);
    return 'done';
  },

  async 'account-event'(tx, letter, { now }) {
    const asked = await findAccountWork(tx, letter.subject_id);
    const receivedAt = receivedAtOf(asked?.input);
    if (!asked || !receivedAt || !(await findKeptEvent(tx, letter.subject_id, receivedAt))) return 'event-gone';
    const { agency_id: agencyId, id: causeId } = letter;
    await addWork(tx, [{ ...asked, agencyId, causeId, capability: 'account-sync', dueAt: now }]);
    return 'done';
  },

  async 'install-event'(tx, letter, { now }) {
    const location = await findLocation(tx, letter.subject_id);
    const event = location && (await findKeptInstall(tx, location, letter.created_at));
    const asked = event && (await findAccountWork(tx, event.rowId));
    if (!asked) return 'event-gone';
    const { agency_id: agencyId, id: causeId } = letter;
    await addWork(tx, [{ ...asked, agencyId, causeId, capability: 'account-sync', dueAt: now }]);
    return 'done';
  },

  async 'read-record'(tx, letter, { now }) {
    const { agency_id: agencyId, location_id: locationId, subject_id: subject } = letter;
    const [resource, ghlId] = splitAt(subject, ':');
    const change = contactChangeSchema.safeParse({ resource, ghlId });
    if (!change.success || locationId === null || !(await isPollable(tx, locationId))) return 'location-not-connected';
    await addWork(tx, [
      { ...contactChangeWork({ agencyId, causeId: letter.id, locationId }, change.data), dueAt: now },
    ]);
    return 'done';
  },

  async 'contact-edits'(tx, letter, { now }) {
    const contact = await lockContact(tx, letter.subject_id);
    if (!contact) return 'contact-unknown';
    if (await isBeingMerged(tx, contact.id)) return 'contact-being-merged';
    return (await redriveContact(tx, contact, now)) === 0 ? 'nothing-failed' : 'done';
  },

  async 'contact-merge'(tx, letter, act) {
    const merge = await findMerge(tx, letter.subject_id);
    if (merge?.outcome !== 'failed') return 'merge-not-failed';
    const pair = { survivorId: merge.survivor_id, loserId: merge.loser_id, acceptsLoss: merge.accepts_loss };
    return 'refused' in (await requestMerge(tx, pair, act)) ? 'merge-refused' : 'done';
  },

  async 'check-fields'(tx, letter, { now }) {
    const [locationId] = splitAt(letter.subject_id, '/');
    if (!(await isPollable(tx, locationId))) return 'location-not-connected';
    // One answer of GHL's is about all fields of the location.
    if (!(await isAskingForFields(tx, locationId)))
      await addWork(tx, [fieldsRedriveWork({ agencyId: letter.agency_id, now }, locationId, uuidv7())]);
    return 'done';
  },

  async 'poll-pass'(tx, letter, { now }) {
    const [locationId, pass] = splitAt(letter.subject_id, ':');
    const [resource, kind] = splitAt(pass, ':');
    if (!(await isPollable(tx, locationId))) return 'location-not-connected';
    return (await makePassDue(tx, { locationId, resource, kind }, now)) ? 'done' : 'pass-unknown';
  },

  async backfill(tx, letter, { actor, origin, now }) {
    const { agency_id: agencyId, location_id: locationId } = letter;
    const [failedId, resource] = splitAt(letter.subject_id, '/');
    const failed = await findBackfillRun(tx, failedId);
    const asked = BACKFILL_RESOURCES.find((each) => each === resource);
    if (!failed || !asked || locationId === null) return 'run-unknown';
    const location = await findLocation(tx, locationId);
    if (!location?.ghl_location_id || location.installed_at === null) return 'location-not-connected';
    const id = uuidv5('redrive', letter.id);
    const { from_at: from, to_at: to, names } = failed;
    const of = { id, agencyId, rootId: locationId, locationIds: [locationId], resources: [asked], from, to, names };
    await addBackfillRun(tx, { ...of, workflowId: backfillRunWorkflowId(agencyId, id) }, { actor, origin });
    await letBackfillStart(tx, (await findBackfillRun(tx, id))!, now);
    return 'done';
  },

  async notice(tx, letter, { now: dueAt }) {
    const { agency_id: agencyId, location_id: locationId, id: causeId, subject_id: deliveryId } = letter;
    const noticeId = await reopenDelivery(tx, deliveryId);
    if (noticeId === undefined) return 'delivery-not-refused';
    await addWork(tx, [notificationWork({ agencyId, locationId, noticeId, causeId, redriveId: causeId, dueAt })]);
    return 'done';
  },
};

/** Both sides of the first separator. */
function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function receivedAtOf(input: unknown): Date | undefined {
  const { event } = (input ?? {}) as { event?: { eventReceivedAt?: unknown } };
  const at = typeof event?.eventReceivedAt === 'string' ? new Date(event.eventReceivedAt) : undefined;
  return at && !Number.isNaN(at.getTime()) ? at : undefined;
}

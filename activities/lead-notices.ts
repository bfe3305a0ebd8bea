import type { Transaction } from 'kysely';
import { findAssignment } from '../db/assignments.ts';
import { isTopicHeard, recordNotice } from '../db/notices.ts';
import type { Assignment, Database, Lead } from '../db/schema.ts';

type Tx = Transaction<Database>;
type Held = Pick<Assignment, 'id' | 'location_id' | 'rep_id' | 'ghl_contact_id'>;

const about = (lead: Lead, { location_id: locationId, rep_id: repId }: Held, now: Date) => ({
  agencyId: lead.agency_id,
  leadId: lead.id,
  locationId,
  repId,
  occurredAt: now,
});

/**
 * Notes that a lead has got a rep: its first, or another than before. In the transaction that confirms the assignment.
 * @param lead as it was before
 */
export async function noteAssigned(tx: Tx, lead: Lead, assignment: Held, now: Date): Promise<void> {
  const { id: assignmentId, ghl_contact_id: ghlContactId } = assignment;
  const notice = { ...about(lead, assignment, now), occurrenceKey: assignmentId };
  if (lead.assigned_at === null) {
    await recordNotice(tx, { ...notice, topic: 'lead.assigned', data: { assignmentId, ghlContactId } });
    return;
  }
  const data = { assignmentId, ghlContactId, formerRepId: lead.rep_id };
  await recordNotice(tx, { ...notice, topic: 'lead.reassigned', data });
}

/** Notes that a rep has taken a lead up. In the transaction that does. */
export async function noteAccepted(tx: Tx, lead: Lead, assignment: Held, now: Date): Promise<void> {
  const { id: assignmentId, ghl_contact_id: ghlContactId } = assignment;
  const notice = { ...about(lead, assignment, now), occurrenceKey: assignmentId };
  await recordNotice(tx, { ...notice, topic: 'lead.accepted', data: { assignmentId, ghlContactId } });
}

/** Notes that a lead is over: before its slots are given back, in the transaction that does. */
export async function noteClosed(tx: Tx, lead: Lead, reason: string, now: Date): Promise<void> {
  if (!(await isTopicHeard(tx, lead.agency_id, 'lead.closed'))) return;
  const active = await findAssignment(tx, lead.id, 'active');
  const place = { location_id: lead.location_id ?? lead.intake_location_id, rep_id: lead.rep_id };
  const held = { id: active?.id ?? '', ghl_contact_id: active?.ghl_contact_id ?? null, ...place };
  const data = { reason, assignmentId: active?.id ?? null, ghlContactId: held.ghl_contact_id };
  await recordNotice(tx, { ...about(lead, held, now), topic: 'lead.closed', occurrenceKey: lead.id, data });
}

/** The steps at which a lead has gone past those who were meant to have it. */
const FALLBACK_STEPS = ['region', 'master', 'master-queue', 'intake-queue'];

/** Notes that a lead went to a fallback or a queue. In the transaction that decides so; of another step nothing is noted. */
export async function noteUnrouted(
  tx: Tx,
  lead: Lead,
  decision: { id: string; step: string; reason: string; locationId: string; repId: string | null },
  now: Date,
): Promise<void> {
  const { id: decisionId, step, reason, locationId, repId } = decision;
  if (!FALLBACK_STEPS.includes(step)) return;
  await recordNotice(tx, {
    agencyId: lead.agency_id,
    leadId: lead.id,
    locationId,
    repId,
    topic: 'lead.unrouted',
    occurrenceKey: decisionId,
    occurredAt: now,
    data: { decisionId, reason },
  });
}

import type { Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { findAssignment, releaseAssignments, updateAssignment } from '../db/assignments.ts';
import { audit } from '../db/audit-log.ts';
import { reserveDecided } from '../db/decisions.ts';
import { addToTimeline, listTimeline } from '../db/lead-timeline.ts';
import { updateLead } from '../db/leads.ts';
import { findRep, listRepsOfGhlUser } from '../db/reps.ts';
import { listRoutingLocations, listRoutingReps, lockRouting } from '../db/routing.ts';
import type { Database, Lead } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { onlyCodeWord } from '../domain/code-word.ts';
import type { LeadStanding, ReassignRequest } from '../domain/lead-messages.ts';
import { checkReassignment, type ReassignmentReason } from '../domain/routing-reassignment.ts';
import { currentCallId } from './activity-call.ts';
import type { StoreDeps } from './dependencies.ts';
import { noteAssigned } from './lead-notices.ts';
import { lockKnownLead } from './lead-records.ts';
import type { LeadArgs, RouteOutcome } from './lead-routing.ts';
import { standingOf } from './lead-standing.ts';

export type ReassignOutcome =
  Extract<RouteOutcome, { outcome: 'reserved' }> | { outcome: 'refused'; reason: ReassignmentReason };

const RULE_VERSION = 'manual-1';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function createLeadReassignment(deps: StoreDeps) {
  /**
   * Takes the slot of the rep whom an operator names, beside the one held now: that one counts until GHL has followed.
   * Whoever can reach Temporal can send the request, so tenant and rep are checked here. Repeatable.
   */
  async function reserveReassignment({
    agencyId,
    leadId,
    request,
  }: LeadArgs & { request: ReassignRequest }): Promise<ReassignOutcome> {
    const now = deps.now();
    return withScope(deps.db, { agencyId }, async (tx) => {
      await lockRouting(tx, agencyId);
      const lead = await lockKnownLead(tx, leadId);
      const { repId } = request;
      const targetRepId = typeof repId === 'string' && UUID.test(repId) ? repId.toLowerCase() : 'unknown';
      const reserved = await findAssignment(tx, leadId, 'reserved');
      if (reserved?.rep_id === targetRepId) return placeable(reserved.id, reserved.location_id, targetRepId);

      const { allowed, reason } = checkReassignment({
        lead: { isClosed: lead.state === 'closed', locationId: lead.location_id, repId: lead.rep_id },
        targetRepId,
        locations: await listRoutingLocations(tx, now),
        reps: await listRoutingReps(tx, now),
        force: request.force === true,
      });
      const note = onlyCodeWord(request.reason);
      const by = { actor: actorOf(request), force: request.force === true, ...(note && { note }) };
      const target = allowed ? await findRep(tx, targetRepId) : undefined;
      if (!target) {
        const isNews = await addOnce(tx, lead, { at: now, kind: 'reassign-refused', detail: { ...by, reason } });
        if (isNews) await recordAct(tx, lead, 'lead.reassign-refused', { ...by, reason });
        return { outcome: 'refused', reason };
      }
      const assignmentId = await moveTo(tx, lead, target.location_id, target.id, 'reassign', now);
      await addToTimeline(tx, { agencyId, leadId }, { at: now, kind: 'reassign', detail: { ...by, repId: target.id } });
      await recordAct(tx, lead, 'lead.reassign', { ...by, repId: target.id, locationId: target.location_id });
      return placeable(assignmentId, target.location_id, target.id);
    });
  }

  /**
   * Follows a reassignment that a person made in GHL: it is done there already, so caps do not refuse it. A GHL user
   * who is no rep of the location changes nothing here and is noted. Repeatable.
   */
  async function adoptReassignment({
    agencyId,
    leadId,
    ghlUserId,
  }: LeadArgs & { ghlUserId: string | null }): Promise<LeadStanding> {
    const now = deps.now();
    return withScope(deps.db, { agencyId }, async (tx) => {
      await lockRouting(tx, agencyId);
      const lead = await lockKnownLead(tx, leadId);
      const active = await findAssignment(tx, leadId, 'active');
      if (lead.state === 'closed' || !active || ghlUserId === null) return standingOf(lead, active?.id ?? null);
      const rep = (await listRepsOfGhlUser(tx, ghlUserId)).find(
        (each) => each.location_id === active.location_id && each.status !== 'removed',
      );
      if (!rep) {
        await addOnce(tx, lead, { at: now, kind: 'assigned-elsewhere', detail: { reason: 'unknown-ghl-user' } });
        return standingOf(lead, active.id);
      }
      if (rep.id === lead.rep_id) return standingOf(lead, active.id);
      const assignmentId = await moveTo(tx, lead, rep.location_id, rep.id, 'ghl-reassign', now);
      await releaseAssignments(tx, leadId, { reason: 'moved', now, state: 'active' });
      const { ghl_contact_id, ghl_note_id, ghl_opportunity_id } = active;
      const carried = { ghl_contact_id, ghl_note_id, ghl_opportunity_id };
      await updateAssignment(tx, assignmentId, { ...carried, state: 'active', assigned_at: now });
      const change = { state: 'assigned' as const, rep_id: rep.id, assigned_at: now, accepted_at: null };
      await updateLead(tx, leadId, change);
      const detail = { actor: 'ghl', repId: rep.id };
      await addToTimeline(tx, { agencyId, leadId }, { at: now, kind: 'reassigned-in-ghl', detail });
      await recordAct(tx, lead, 'lead.reassign', detail, 'webhook');
      await noteAssigned(tx, lead, { ...active, id: assignmentId, rep_id: rep.id }, now);
      return standingOf({ ...lead, ...change }, assignmentId);
    });
  }

  return { reserveReassignment, adoptReassignment };
}

const placeable = (assignmentId: string, locationId: string, repId: string): ReassignOutcome => ({
  outcome: 'reserved',
  assignmentId,
  locationId,
  repId,
  isPlaceable: true,
});

const actorOf = (request: ReassignRequest): string =>
  typeof request.actor === 'string' ? request.actor.slice(0, 100) : 'signal';

async function moveTo(
  tx: Transaction<Database>,
  lead: Lead,
  locationId: string,
  repId: string,
  kind: 'reassign' | 'ghl-reassign',
  now: Date,
): Promise<string> {
  const ids = { agencyId: lead.agency_id, leadId: lead.id, locationId, repId };
  // A lead has one reservation: what a workflow that was ended has left behind makes room.
  await releaseAssignments(tx, lead.id, { reason: 'superseded', now, state: 'reserved' });
  const assignmentId = uuidv7();
  const decision = {
    ...ids,
    id: uuidv7(),
    kind,
    outcome: 'assigned' as const,
    step: kind,
    reason: kind,
    ruleVersion: RULE_VERSION,
    inputs: { fromLocationId: lead.location_id, fromRepId: lead.rep_id },
    candidates: [],
    now,
  };
  await reserveDecided(tx, decision, assignmentId);
  return assignmentId;
}

/** Adds an entry unless an earlier attempt of this activity did. @returns whether it is new */
async function addOnce(
  tx: Transaction<Database>,
  lead: Lead,
  entry: { at: Date; kind: string; detail: Record<string, unknown> },
): Promise<boolean> {
  const call = currentCallId();
  const earlier = await listTimeline(tx, lead.id);
  if (earlier.some(({ kind, detail }) => kind === entry.kind && detail['call'] === call)) return false;
  const ids = { agencyId: lead.agency_id, leadId: lead.id };
  await addToTimeline(tx, ids, { ...entry, detail: { ...entry.detail, call } });
  return true;
}

async function recordAct(
  tx: Transaction<Database>,
  lead: Lead,
  action: string,
  after: { actor: string } & Record<string, unknown>,
  origin = 'workflow',
): Promise<void> {
  const { actor, ...rest } = after;
  const before = { locationId: lead.location_id, repId: lead.rep_id };
  await audit(tx, { agencyId: lead.agency_id, actor, action, subject: `lead:${lead.id}`, before, after: rest, origin });
}

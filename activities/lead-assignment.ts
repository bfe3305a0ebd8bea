import { findAssignment, listAssignments, releaseAssignments, updateAssignment } from '../db/assignments.ts';
import { storeConfirmed } from '../db/confirmed-assignments.ts';
import { addDeadLetter } from '../db/dead-letters.ts';
import { addToTimeline, listTimeline } from '../db/lead-timeline.ts';
import { updateLead } from '../db/leads.ts';
import { withScope } from '../db/scope.ts';
import { leadIntakeWorkflowId } from '../domain/workflow-ids.ts';
import type { LeadStanding } from '../domain/lead-messages.ts';
import type { StoreDeps } from './dependencies.ts';
import type { AssignmentArgs } from './lead-facts.ts';
import { getAssignmentOf, lockKnownLead, requireAssignment } from './lead-records.ts';
import type { LeadArgs } from './lead-routing.ts';
import { noteAccepted, noteAssigned } from './lead-notices.ts';
import type { Written } from './lead-remembering.ts';
import { standingOf } from './lead-standing.ts';

export function createLeadAssignment(deps: StoreDeps) {
  /** Makes a placed reservation the assignment that counts and gives the slot of the one before back. Repeatable. */
  const confirmAssignment = (args: AssignmentArgs): Promise<LeadStanding> => confirmReserved(deps, args);

  /** Gives the slot of a placement back that GHL refused for good, and puts the reason before an operator. Repeatable. */
  async function giveUpPlacement({
    agencyId,
    leadId,
    assignmentId,
    cause,
  }: AssignmentArgs & { cause: string }): Promise<void> {
    const now = deps.now();
    await withScope(deps.db, { agencyId }, async (tx) => {
      await lockKnownLead(tx, leadId);
      const assignment = await getAssignmentOf(tx, { leadId, assignmentId });
      if (assignment.state !== 'reserved') return;
      const { location_id: locationId } = assignment;
      // A location that is connected again may have the lead after all; one that refused it may not.
      const reason = cause === 'GhlAuthExpired' ? 'disconnected' : 'not-placed';
      await releaseAssignments(tx, leadId, { reason, now, state: 'reserved' });
      await addToTimeline(tx, { agencyId, leadId }, { at: now, kind: 'not-placed', detail: { locationId, cause } });
      // The letter of the install stands for all leads that pass it by.
      if (reason === 'disconnected') return;
      await addDeadLetter(tx, {
        agencyId,
        locationId,
        capability: 'lead-intake',
        cause: `placement:${cause}:${locationId}`,
        advice: `GHL would not take the lead in this location (${cause}); it went to the next fallback. Mend the location's install or settings, then reassign the lead.`,
        subject: { kind: 'lead', id: leadId },
        workflowId: leadIntakeWorkflowId(agencyId, leadId),
      });
    });
  }

  /** The lead is assigned, but GHL or the rep could not be told: an operator hears of it. Repeatable. */
  async function recordUntold({
    agencyId,
    leadId,
    assignmentId,
    cause,
  }: AssignmentArgs & { cause: string }): Promise<void> {
    const now = deps.now();
    await withScope(deps.db, { agencyId }, async (tx) => {
      await lockKnownLead(tx, leadId);
      const { location_id: locationId } = await getAssignmentOf(tx, { leadId, assignmentId });
      const isSaid = (await listTimeline(tx, leadId)).some(
        ({ kind, detail }) =>
          kind === 'not-told' && detail['assignmentId'] === assignmentId && detail['cause'] === cause,
      );
      if (isSaid) return;
      const detail = { locationId, assignmentId, cause };
      await addToTimeline(tx, { agencyId, leadId }, { at: now, kind: 'not-told', detail });
      await addDeadLetter(tx, {
        agencyId,
        locationId,
        capability: 'lead-intake',
        cause: `untold:${cause}:${assignmentId}`,
        advice: `The lead is assigned, but its note, task or opportunity in GHL could not be written (${cause}). Tell the rep by hand.`,
        subject: { kind: 'lead', id: leadId },
        workflowId: leadIntakeWorkflowId(agencyId, leadId),
      });
    });
  }

  /** The rep has taken the lead up: its clock of acceptance stops. Repeatable. */
  async function acceptLead({ agencyId, leadId, actor }: LeadArgs & { actor: string }): Promise<LeadStanding> {
    const now = deps.now();
    return withScope(deps.db, { agencyId }, async (tx) => {
      const lead = await lockKnownLead(tx, leadId);
      const active = await findAssignment(tx, leadId, 'active');
      if (lead.state !== 'assigned' || !active) return standingOf(lead, active?.id ?? null);
      await updateAssignment(tx, active.id, { accepted_at: now });
      await updateLead(tx, leadId, { state: 'accepted', accepted_at: now });
      await addToTimeline(tx, { agencyId, leadId }, { at: now, kind: 'accepted', detail: { actor } });
      await noteAccepted(tx, lead, active, now);
      return standingOf({ ...lead, state: 'accepted' }, active.id);
    });
  }

  return { confirmAssignment, giveUpPlacement, recordUntold, acceptLead };
}

/**
 * Makes a reservation the assignment that counts and gives the slot of the one before back, as `confirmAssignment` does.
 * @param written what GHL has of it by now: it is remembered in the same transaction, whether the reservation still stands or not
 */
export async function confirmReserved(
  deps: StoreDeps,
  { agencyId, leadId, assignmentId }: AssignmentArgs,
  written?: Written,
): Promise<LeadStanding> {
  const now = deps.now();
  let firstAssignedAfterMs: number | undefined;
  const standing = await withScope(deps.db, { agencyId }, async (tx) => {
    const lead = await lockKnownLead(tx, leadId);
    // Whoever looks at the contact in the mirror finds that it is our own.
    if (written) await updateAssignment(tx, assignmentId, written.change);
    await written?.mirror(tx);
    const all = await listAssignments(tx, leadId);
    const assignment = requireAssignment(all.find(({ id }) => id === assignmentId));
    const active = all.find(({ state }) => state === 'active');
    if (lead.state === 'closed' || assignment.state !== 'reserved') return standingOf(lead, active?.id ?? null);
    if (active) await releaseAssignments(tx, leadId, { reason: 'moved', now, state: 'active' });
    const { location_id: locationId, rep_id: repId } = assignment;
    if (repId !== null) await noteAssigned(tx, lead, assignment, now);
    if (repId !== null && lead.assigned_at === null) firstAssignedAfterMs = now.getTime() - lead.received_at.getTime();
    const confirmed = {
      state: repId === null ? ('queued' as const) : ('assigned' as const),
      location_id: locationId,
      rep_id: repId,
      assigned_at: repId === null ? lead.assigned_at : now,
      accepted_at: null,
    };
    const expiresAt = await storeConfirmed(tx, assignment, confirmed, now);
    return standingOf({ ...lead, ...confirmed, expires_at: expiresAt }, assignmentId);
  });
  if (firstAssignedAfterMs !== undefined) deps.leadObserver?.firstAssigned(firstAssignedAfterMs);
  return standing;
}

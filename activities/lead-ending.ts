import { findAssignment, listAssignments, releaseAssignments, updateAssignment } from '../db/assignments.ts';
import { audit } from '../db/audit-log.ts';
import { addToTimeline, listTimeline } from '../db/lead-timeline.ts';
import { updateLead } from '../db/leads.ts';
import type { Assignment, Lead } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { onlyCodeWord } from '../domain/code-word.ts';
import { type ContactStay, findContactStay, followChange } from '../domain/lead-follow-up.ts';
import type { LeadChange, LeadCloseReason } from '../domain/lead-change.ts';
import type { LeadStanding } from '../domain/lead-messages.ts';
import type { StoreDeps } from './dependencies.ts';
import { noteClosed } from './lead-notices.ts';
import { lockKnownLead } from './lead-records.ts';
import { couldBeAssigned, type LeadArgs } from './lead-routing.ts';
import { standingOf } from './lead-standing.ts';

interface CloseArgs extends LeadArgs {
  closeReason: LeadCloseReason;
  actor: string;
  /** A reason in the closer's own code words. */
  note?: string;
}

const MERGED = 'contact-merged';

export type ChangeOutcome = { action: 'none' | 'closed'; standing: LeadStanding } | { action: 'reroute' };

export function createLeadEnding(deps: StoreDeps) {
  /** Ends a lead and gives its slots back. Repeatable: the first reason stands. */
  async function closeLead({ agencyId, leadId, closeReason, actor, note }: CloseArgs): Promise<LeadStanding> {
    const now = deps.now();
    return withScope(deps.db, { agencyId }, async (tx) => {
      const lead = await lockKnownLead(tx, leadId);
      if (lead.state === 'closed') return standingOf(lead, null);
      await noteClosed(tx, lead, closeReason, now);
      await releaseAssignments(tx, leadId, { reason: closeReason, now });
      const change = { state: 'closed' as const, close_reason: closeReason, closed_at: now };
      await updateLead(tx, leadId, change);
      const word = onlyCodeWord(note);
      const detail = { reason: closeReason, actor, ...(word && { note: word }) };
      await addToTimeline(tx, { agencyId, leadId }, { at: now, kind: 'closed', detail });
      await audit(tx, {
        agencyId,
        actor,
        action: 'lead.close',
        subject: `lead:${leadId}`,
        before: { state: lead.state, locationId: lead.location_id, repId: lead.rep_id },
        after: { state: 'closed', reason: closeReason },
        origin: 'workflow',
      });
      return standingOf({ ...lead, ...change }, null);
    });
  }

  /** Finds out what a change elsewhere means for the lead as it stands now, and ends it when it is over. Repeatable. */
  async function applyChange({ agencyId, leadId, change }: LeadArgs & { change: LeadChange }): Promise<ChangeOutcome> {
    const { lead, active, assignments, isMerged } = await withScope(deps.db, { agencyId }, async (tx) => ({
      lead: await lockKnownLead(tx, leadId),
      active: await findAssignment(tx, leadId, 'active'),
      assignments: await listAssignments(tx, leadId),
      isMerged: (await listTimeline(tx, leadId)).some(({ kind }) => kind === MERGED),
    }));
    const { action, reason } = followChange(change, {
      isClosed: lead.state === 'closed',
      isQueued: lead.state === 'queued',
      repId: lead.rep_id,
      locationId: lead.location_id,
      sourceContactId: lead.source_contact_id,
      ghlContactId: active?.ghl_contact_id ?? null,
      ghlOpportunityId: active?.ghl_opportunity_id ?? null,
      stay: stayOf(lead, active, assignments, isMerged),
    });
    switch (action) {
      case 'none':
        return { action, standing: standingOf(lead, active?.id ?? null) };
      case 'reroute':
        // A queue that would only be changed for itself is kept: nobody is told twice.
        if (change.kind === 'location-connected' && !(await couldMove(agencyId, lead))) {
          return { action: 'none', standing: standingOf(lead, active?.id ?? null) };
        }
        return { action };
      case 'close': {
        const actor = change.kind === 'location-uninstalled' ? 'system' : 'ghl';
        return { action: 'closed', standing: await closeLead({ agencyId, leadId, closeReason: reason, actor }) };
      }
    }
  }

  /**
   * The lead's contact was merged into another one, which is the lead's from now on: that of its assignment, or the one
   * it came in as while it has none. Repeatable; nothing happens where the lead has another contact by now.
   */
  async function followMerge(
    args: LeadArgs & { assignmentId: string; deletedContactId: string; ghlContactId: string },
  ): Promise<LeadStanding> {
    const { agencyId, leadId, assignmentId, deletedContactId, ghlContactId } = args;
    return withScope(deps.db, { agencyId }, async (tx) => {
      const lead = await lockKnownLead(tx, leadId);
      const active = await findAssignment(tx, leadId, 'active');
      const counts = active?.ghl_contact_id ?? lead.source_contact_id;
      if (lead.state === 'closed' || active?.id !== assignmentId || counts !== deletedContactId) {
        return standingOf(lead, active?.id ?? null);
      }
      if (active.ghl_contact_id === null) await updateLead(tx, leadId, { source_contact_id: ghlContactId });
      else await updateAssignment(tx, assignmentId, { ghl_contact_id: ghlContactId });
      await addToTimeline(tx, { agencyId, leadId }, { at: deps.now(), kind: MERGED, detail: {} });
      return standingOf(lead, assignmentId);
    });
  }

  const couldMove = (agencyId: string, lead: Lead): Promise<boolean> =>
    withScope(deps.db, { agencyId }, (tx) => couldBeAssigned(tx, lead, deps.now()));

  return { closeLead, applyChange, followMerge };
}

/** How long the lead has had the contact of its active assignment. */
function stayOf(lead: Lead, active: Assignment | undefined, assignments: Assignment[], isMerged: boolean): ContactStay {
  const upToNow = assignments.filter((each) => active !== undefined && each.reserved_at <= active.reserved_at);
  return findContactStay(
    active?.ghl_contact_id ?? null,
    upToNow.map((each) => ({ ghlContactId: each.ghl_contact_id, reservedAt: each.reserved_at })),
    {
      sourceContactId: lead.source_contact_id,
      receivedAt: lead.received_at,
      // The contact that it was merged into was there before, and so may be opportunities of an earlier enquiry.
      isMadeByContact: lead.source === 'ghl' && lead.trigger_name === null && !isMerged,
    },
  );
}

import type { Assignment, Decision, Lead } from '../db/schema.ts';
import type { TimelineEntry } from '../db/lead-timeline.ts';
import type { Scope } from '../db/scope.ts';

/** A lead as lists show it: nothing that tells who it is. */
export const viewLead = (lead: Lead) => ({
  id: lead.id,
  state: lead.state,
  closeReason: lead.close_reason,
  duplicateOf: lead.duplicate_of,
  source: lead.source,
  triggerName: lead.trigger_name,
  intakeLocationId: lead.intake_location_id,
  locationId: lead.location_id,
  repId: lead.rep_id,
  vertical: lead.vertical,
  score: lead.score,
  receivedAt: lead.received_at,
  assignedAt: lead.assigned_at,
  acceptedAt: lead.accepted_at,
  closedAt: lead.closed_at,
  expiresAt: lead.expires_at,
});

/** The choice that put the lead where it is. A location does not see whom else the agency considered. */
export const viewDecision = (decision: Decision, scope: Scope) => ({
  id: decision.id,
  decidedAt: decision.decided_at,
  kind: decision.kind,
  outcome: decision.outcome,
  step: decision.step,
  reason: decision.reason,
  ruleVersion: decision.rule_version,
  locationId: decision.location_id,
  repId: decision.rep_id,
  ...(scope.locationId === undefined && { inputs: decision.inputs, candidates: decision.candidates }),
});

export const viewAssignment = (assignment: Assignment) => ({
  id: assignment.id,
  state: assignment.state,
  locationId: assignment.location_id,
  repId: assignment.rep_id,
  ghlContactId: assignment.ghl_contact_id,
  ghlOpportunityId: assignment.ghl_opportunity_id,
  reservedAt: assignment.reserved_at,
  assignedAt: assignment.assigned_at,
  acceptedAt: assignment.accepted_at,
  releasedAt: assignment.released_at,
  releaseReason: assignment.release_reason,
});

/** What happened; a location sees the details of what is said to have happened in it, and of the rest only that it did. */
export function viewTimeline(entries: TimelineEntry[], scope: Scope): TimelineEntry[] {
  if (scope.locationId === undefined) return entries;
  return entries.map((entry) => (entry.detail['locationId'] === scope.locationId ? entry : { ...entry, detail: {} }));
}

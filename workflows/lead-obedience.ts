import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import type { LeadChange } from '../domain/lead-change.ts';
import type { LeadMessage } from './lead-inbox.ts';
import type { LeadStanding, ReassignRequest } from '../domain/lead-messages.ts';
import { ghlOf, type LeadRef, leads, place, takeIn, tellGhl } from './lead-placement.ts';
import { failureCode, putBeforeOperator } from './step-failure.ts';

/**
 * Does what one message asks of a lead.
 * @returns how the lead stands then
 * @throws ApplicationFailure whose type is the reason, when the message is refused
 */
export async function obey(
  lead: LeadRef,
  standing: LeadStanding,
  message: LeadMessage | 'too-old',
  patienceMs: number,
): Promise<LeadStanding> {
  if (message === 'too-old') return leads.closeLead({ ...lead, closeReason: 'expired', actor: 'system' });
  switch (message.kind) {
    case 'reassign':
      return reassign(lead, standing, message.request, patienceMs);
    case 'accept':
      return leads.acceptLead({ ...lead, actor: message.request.actor });
    case 'close': {
      const { outcome, reason, actor } = message.request;
      const closed = await leads.closeLead({ ...lead, closeReason: outcome, actor, ...(reason && { note: reason }) });
      await followInGhl(lead, standing, 'finishLead', patienceMs);
      return closed;
    }
    case 'change':
      return follow(lead, standing, message.change, patienceMs);
  }
}

async function reassign(
  lead: LeadRef,
  standing: LeadStanding,
  request: ReassignRequest,
  patienceMs: number,
): Promise<LeadStanding> {
  const route = await leads.reserveReassignment({ ...lead, request });
  if (route.outcome === 'refused') throw ApplicationFailure.nonRetryable(`refused: ${route.reason}`, route.reason);
  if (!(await place(lead, route, patienceMs)))
    throw ApplicationFailure.nonRetryable('refused: not-placed', 'not-placed');
  const moved = await leads.confirmAssignment({ ...lead, assignmentId: route.assignmentId });
  await tellGhl(lead, route, patienceMs);
  await followInGhl(lead, standing, 'withdrawLead', patienceMs);
  return moved;
}

/** What happened to the lead elsewhere. Of a reassignment made in GHL the event may be old or our own: GHL is asked how it is now. */
async function follow(
  lead: LeadRef,
  standing: LeadStanding,
  change: LeadChange,
  patienceMs: number,
): Promise<LeadStanding> {
  if (change.kind !== 'assigned-in-ghl') {
    const next = await leads.applyChange({ ...lead, change });
    if (next.action !== 'reroute') return next.standing;
    const moved = await takeIn(lead, patienceMs, true);
    await followInGhl(lead, standing, 'withdrawLead', patienceMs);
    return moved;
  }
  if (standing.locationId === null || standing.assignmentId === null) return standing;
  const { assignmentId } = standing;
  let now: { ghlUserId: string | null };
  try {
    now = await ghlOf(standing.locationId, patienceMs).readAssignedUser({ ...lead, assignmentId });
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return standing;
  }
  return leads.adoptReassignment({ ...lead, ...now });
}

/** What GHL shows of an assignment that is over follows; when it does not for good, an operator hears of it. */
async function followInGhl(
  lead: LeadRef,
  before: LeadStanding,
  step: 'finishLead' | 'withdrawLead',
  patienceMs: number,
): Promise<void> {
  const { assignmentId, locationId } = before;
  if (assignmentId === null || locationId === null) return;
  try {
    await ghlOf(locationId, patienceMs)[step]({ ...lead, assignmentId });
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    const cause = failureCode(error);
    await putBeforeOperator(() => leads.recordUntold({ ...lead, assignmentId, cause }));
  }
}

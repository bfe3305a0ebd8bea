import { ActivityFailure, log, proxyActivities } from '@temporalio/workflow';
import type { LeadActivities } from '../activities/lead-intake.ts';
import type { RouteOutcome } from '../activities/lead-routing.ts';
import type { LeadGhlActivities } from '../activities/lead-intake-ghl.ts';
import type { LeadStanding } from '../domain/lead-messages.ts';
import { failureCode, putBeforeOperator } from './step-failure.ts';
import { ghlQueueOf } from './task-queues.ts';

export type Reservation = Extract<RouteOutcome, { outcome: 'reserved' }>;

export interface LeadRef {
  agencyId: string;
  leadId: string;
}

/** Database steps: Postgres being away delays them and ends nothing; what never heals ends the step at once. */
export const leads = proxyActivities<LeadActivities>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '500 milliseconds', backoffCoefficient: 2, maximumInterval: '30 seconds' },
});

/**
 * GHL steps: bounded by time and never by a count, because waiting for a limit or an outage is not a failure. The
 * fairness key spreads them over locations, where the server has fairness on.
 */
export const ghlOf = (locationId: string, patienceMs: number) =>
  proxyActivities<LeadGhlActivities>({
    taskQueue: ghlQueueOf('interactive'),
    startToCloseTimeout: '60 seconds',
    scheduleToCloseTimeout: patienceMs,
    retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
    priority: { priorityKey: 1, fairnessKey: locationId },
  });

/**
 * Writes a reserved lead into GHL and, when GHL has it, makes the assignment the one that counts.
 * @returns false when GHL refused for good or stayed away longer than `patienceMs`: the slot is given back
 */
export async function place(lead: LeadRef, reservation: Reservation, patienceMs: number): Promise<boolean> {
  const { assignmentId, locationId } = reservation;
  try {
    if (reservation.isPlaceable) await ghlOf(locationId, patienceMs).placeLead({ ...lead, assignmentId });
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    const cause = failureCode(error);
    log.warn('a lead could not be placed', { locationId, cause });
    await leads.giveUpPlacement({ ...lead, assignmentId, cause });
    return false;
  }
  return true;
}

/** Tells GHL and the rep why the lead came. The lead is assigned already: what fails for good here is a dead letter. */
export async function tellGhl(lead: LeadRef, reservation: Reservation, patienceMs: number): Promise<void> {
  if (!reservation.isPlaceable) return;
  const { assignmentId, locationId } = reservation;
  try {
    await ghlOf(locationId, patienceMs).explainLead({ ...lead, assignmentId });
    if (reservation.repId !== null) await ghlOf(locationId, patienceMs).notifyRep({ ...lead, assignmentId });
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    const cause = failureCode(error);
    await putBeforeOperator(() => leads.recordUntold({ ...lead, assignmentId, cause }));
  }
}

/** Routes until a location takes the lead: who refuses it for good is left out the next time, and the master's queue takes all. */
export async function takeIn(lead: LeadRef, patienceMs: number, reroute = false): Promise<LeadStanding> {
  for (;;) {
    const route = await decideRoute(lead, patienceMs, reroute);
    if (route.outcome === 'closed') return route.standing;
    if (!(await place(lead, route, patienceMs))) continue;
    const standing = await leads.confirmAssignment({ ...lead, assignmentId: route.assignmentId });
    await tellGhl(lead, route, patienceMs);
    return standing;
  }
}

/** Asks for a route; GHL is asked for what it left out of the enquiry. */
async function decideRoute(
  lead: LeadRef,
  patienceMs: number,
  reroute: boolean,
): Promise<Exclude<RouteOutcome, { outcome: 'cut' }>> {
  let route = await leads.routeLead({ ...lead, reroute });
  while (route.outcome === 'cut') {
    await ghlOf(route.intakeLocationId, patienceMs).rereadContact(lead);
    route = await leads.routeLead({ ...lead, reroute });
  }
  return route;
}

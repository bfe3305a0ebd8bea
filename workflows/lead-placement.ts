import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  log,
  proxyActivities,
  proxyLocalActivities,
  TemporalFailure,
} from '@temporalio/workflow';
import type { LeadActivities } from '../activities/lead-intake.ts';
import type { RouteOutcome } from '../activities/lead-routing.ts';
import type { LeadGhlActivities } from '../activities/lead-intake-ghl.ts';
import type { LeadStanding } from '../domain/lead-messages.ts';
import type { FollowUps } from './follow-ups.ts';
import type { LeadWay } from './lead-way.ts';
import { failureCode, putBeforeOperator } from './step-failure.ts';
import { ghlQueueOf } from './task-queues.ts';

export type Reservation = Extract<RouteOutcome, { outcome: 'reserved' }>;

export interface LeadRef {
  agencyId: string;
  leadId: string;
}

/** One run of a lead's workflow. */
export interface LeadRun {
  lead: LeadRef;
  way: LeadWay;
  /** How long GHL may stay away before a step is given up, in milliseconds. */
  patienceMs: number;
  followUps: FollowUps;
}

/**
 * Database steps: Postgres being away delays them and ends nothing; what never heals ends the step at once. What was
 * begun is awaited when the workflow is cancelled.
 */
export const leads = proxyActivities<LeadActivities>({
  startToCloseTimeout: '30 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '500 milliseconds', backoffCoefficient: 2, maximumInterval: '30 seconds' },
});

/**
 * The first try of a route, within the workflow task that asks for it: GHL is asked with that task's answer, and two trips
 * to Temporal are saved. It must end well before the task's own ten seconds. A worker that dies meanwhile leaves a task
 * that another does again, and routing can be repeated.
 */
const withinTask = proxyLocalActivities<Pick<LeadActivities, 'routeLead'>>({
  startToCloseTimeout: '5 seconds',
  retry: { maximumAttempts: 1 },
});

/**
 * GHL steps: bounded by time and never by a count, because waiting for a limit or an outage is not a failure. An
 * attempt may take as long as its longest chain of calls; that its worker has died shows by the missing heartbeat. The
 * fairness key spreads them over locations, where the server has fairness on.
 */
export const ghlOf = (locationId: string, patienceMs: number) =>
  proxyActivities<LeadGhlActivities>({
    taskQueue: ghlQueueOf('interactive'),
    startToCloseTimeout: '2 minutes',
    heartbeatTimeout: '20 seconds',
    scheduleToCloseTimeout: patienceMs,
    retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
    priority: { priorityKey: 1, fairnessKey: locationId },
  });

/** Whether GHL is told of the assignment already; `tried` where part of it may be. */
type Telling = 'told' | 'tried' | 'untold';

/**
 * Writes a reserved lead into GHL, and makes it count.
 * @param tells whether GHL may be told of it in the same step, when that is quick
 * @returns how the lead stands then; undefined when GHL refused for good or stayed away longer than the run's patience: the
 *   slot is given back, and GHL is asked to show nobody as placed who is not
 */
async function place(
  run: LeadRun,
  reservation: Reservation,
  tells: boolean,
): Promise<{ standing: LeadStanding; telling: Telling } | undefined> {
  const { lead, patienceMs } = run;
  const { assignmentId, locationId } = reservation;
  const ghl = ghlOf(locationId, patienceMs);
  let telling: Telling = 'untold';
  try {
    if (reservation.isPlaceable && tells) {
      const { standing, isTold } = await ghl.assignAndTellLead({ ...lead, assignmentId });
      telling = isTold ? 'told' : 'tried';
      if (standing) return { standing, telling };
    } else if (reservation.isPlaceable && run.way.isInFewerSteps()) {
      const standing = await ghl.assignLead({ ...lead, assignmentId });
      if (standing) return { standing, telling };
    } else if (reservation.isPlaceable) await ghl.placeLead({ ...lead, assignmentId });
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    const cause = failureCode(error);
    log.warn('a lead could not be placed', { locationId, cause });
    await leads.giveUpPlacement({ ...lead, assignmentId, cause });
    if (run.way.isGhlToldBeside()) await run.followUps.add(locationId, () => undo(run, reservation, cause));
    return undefined;
  }
  return { standing: await leads.confirmAssignment({ ...lead, assignmentId }), telling };
}

/** Writes a reserved lead into GHL, and makes it count. @returns as `place` does; whoever asks has it told then */
export async function assign(run: LeadRun, reservation: Reservation): Promise<LeadStanding | undefined> {
  return (await place(run, reservation, false))?.standing;
}

/** An answer of GHL's may have been lost on the way: the contact may show the rep all the same. */
async function undo(run: LeadRun, { assignmentId, locationId }: Reservation, cause: string): Promise<void> {
  const { lead, patienceMs } = run;
  try {
    await ghlOf(locationId, patienceMs).undoPlacement({ ...lead, assignmentId });
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    // What kept the lead out keeps this out, and an operator has it before them already.
    const why = failureCode(error);
    if (why !== cause) await putBeforeOperator(() => leads.recordUntold({ ...lead, assignmentId, cause: why }));
  }
}

/** Tells GHL and the rep why the lead came. The lead is assigned already: what fails for good here is a dead letter. */
export async function tellGhl(
  { lead, way, patienceMs }: LeadRun,
  reservation: Reservation,
  isTried = false,
): Promise<void> {
  if (!reservation.isPlaceable) return;
  const { assignmentId, locationId } = reservation;
  try {
    const ghl = ghlOf(locationId, patienceMs);
    if (way.isInFewerSteps()) return await ghl.tellLead({ ...lead, assignmentId, ...(isTried && { isTried }) });
    await ghl.explainLead({ ...lead, assignmentId });
    if (reservation.repId !== null) await ghl.notifyRep({ ...lead, assignmentId });
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    const cause = failureCode(error);
    await putBeforeOperator(() => leads.recordUntold({ ...lead, assignmentId, cause }));
  }
}

/** Routes until a location takes the lead: who refuses it for good is left out the next time, and the master's queue takes all. */
export async function takeIn(run: LeadRun, reroute = false): Promise<LeadStanding> {
  for (;;) {
    const route = await decideRoute(run, reroute);
    if (route.outcome === 'closed') return route.standing;
    // What GHL is still to be told of an earlier place comes first.
    const placed = await place(run, route, !reroute && run.way.isToldAtOnce() && run.followUps.isIdle());
    if (!placed) continue;
    const { standing, telling } = placed;
    if (telling !== 'told') await run.followUps.add(route.locationId, () => tellGhl(run, route, telling === 'tried'));
    return standing;
  }
}

/** Asks for a route; GHL is asked for what it left out of the enquiry. */
async function decideRoute(run: LeadRun, reroute: boolean): Promise<Exclude<RouteOutcome, { outcome: 'cut' }>> {
  const { lead, patienceMs } = run;
  let route = await askForRoute(run, reroute);
  while (route.outcome === 'cut') {
    await ghlOf(route.intakeLocationId, patienceMs).rereadContact(lead);
    route = await askForRoute(run, reroute);
  }
  return route;
}

/**
 * What does not work at once, for Postgres is away or busy, becomes a step that waits, and that operators see waiting. A try
 * that was given up and still goes on finds the slot that was taken meanwhile; of a lead that is to move it would take another.
 */
async function askForRoute({ lead, way }: LeadRun, reroute: boolean): Promise<RouteOutcome> {
  if (!reroute && way.isRoutedAtOnce()) {
    try {
      return await withinTask.routeLead({ ...lead, reroute });
    } catch (error) {
      // Such a step fails with its own error, and not with one of the step around it.
      if (!(error instanceof TemporalFailure) || isCancellation(error)) throw error;
      const cause = error instanceof ApplicationFailure ? error.type : error.name;
      log.info('a lead could not be routed at once', { cause });
    }
  }
  return leads.routeLead({ ...lead, reroute });
}

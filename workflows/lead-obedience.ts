import { ActivityFailure, ApplicationFailure, log } from '@temporalio/workflow';
import type { LeadChange } from '../domain/lead-change.ts';
import type { LeadMessage } from './lead-inbox.ts';
import type { LeadStanding, ReassignRequest } from '../domain/lead-messages.ts';
import { assign, ghlOf, type LeadRun, leads, takeIn, tellGhl } from './lead-placement.ts';
import { failureCode, isStepFailure, putBeforeOperator } from './step-failure.ts';

/**
 * Does what one message asks of a lead. What GHL is told of it follows beside.
 * @returns how the lead stands then
 * @throws ApplicationFailure whose type is the reason, when the message is refused
 */
export async function obey(
  run: LeadRun,
  standing: LeadStanding,
  message: LeadMessage | 'too-old',
): Promise<LeadStanding> {
  const { lead } = run;
  if (message === 'too-old') return leads.closeLead({ ...lead, closeReason: 'expired', actor: 'system' });
  switch (message.kind) {
    case 'reassign':
      return reassign(run, standing, message.request);
    case 'accept':
      return leads.acceptLead({ ...lead, actor: message.request.actor });
    case 'close': {
      const { outcome, reason, actor } = message.request;
      const closed = await leads.closeLead({ ...lead, closeReason: outcome, actor, ...(reason && { note: reason }) });
      await followInGhl(run, standing, ['finishLead']);
      return closed;
    }
    case 'change':
      return follow(run, standing, message.change);
  }
}

async function reassign(run: LeadRun, standing: LeadStanding, request: ReassignRequest): Promise<LeadStanding> {
  const { lead, followUps } = run;
  const route = await leads.reserveReassignment({ ...lead, request });
  if (route.outcome === 'refused') throw ApplicationFailure.nonRetryable(`refused: ${route.reason}`, route.reason);
  const moved = await assign(run, route);
  if (!moved) throw ApplicationFailure.nonRetryable('refused: not-placed', 'not-placed');
  await followUps.add(route.locationId, () => tellGhl(run, route));
  await followInGhl(run, standing, ['withdrawLead']);
  return moved;
}

/** What happened to the lead elsewhere. Of a reassignment made in GHL the event may be old or our own: GHL is asked how it is now. */
async function follow(run: LeadRun, standing: LeadStanding, change: LeadChange): Promise<LeadStanding> {
  const { lead, way, patienceMs } = run;
  if (change.kind === 'contact-deleted' && way.isMergeFollowed()) {
    const merged = await followMerge(run, standing, change.ghlContactId);
    if (merged) return merged;
  }
  if (change.kind !== 'assigned-in-ghl') {
    const next = await leads.applyChange({ ...lead, change });
    if (next.action !== 'reroute') return next.standing;
    const moved = await takeIn(run, true);
    await followInGhl(run, standing, ['withdrawLead']);
    return moved;
  }
  if (standing.locationId === null || standing.assignmentId === null) return standing;
  const { assignmentId } = standing;
  let now: { ghlUserId: string | null };
  try {
    now = await ghlOf(standing.locationId, patienceMs).readAssignedUser({ ...lead, assignmentId });
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    // A contact that is gone has an event of its own; whatever else keeps GHL from telling, an operator hears of.
    if (failureCode(error) !== 'GhlNotFound' && way.isUnreadReassignmentTold()) throw error;
    return standing;
  }
  const adopted = await leads.adoptReassignment({ ...lead, ...now });
  if (adopted.assignmentId !== assignmentId && way.isGhlToldBeside()) {
    await followInGhl(run, adopted, ['explainLead', 'handOver', 'notifyRep']);
    await followInGhl(run, standing, ['withdrawLead']);
  }
  return adopted;
}

/** How long a deletion waits for GHL to tell whether it was a merge. */
const MERGE_PATIENCE_MS = 3_600_000;

/** A contact that is gone may have become another one: the lead goes on with that. Where GHL will not tell, it is over. */
async function followMerge(
  { lead, patienceMs }: LeadRun,
  { assignmentId, locationId }: LeadStanding,
  deletedContactId: string,
): Promise<LeadStanding | undefined> {
  if (assignmentId === null || locationId === null) return undefined;
  const deleted = { ...lead, assignmentId, deletedContactId };
  try {
    const ghl = ghlOf(locationId, Math.min(patienceMs, MERGE_PATIENCE_MS));
    const { ghlContactId } = await ghl.findMergedContact(deleted);
    return ghlContactId === null ? undefined : await leads.followMerge({ ...deleted, ghlContactId });
  } catch (error) {
    if (!isStepFailure(error)) throw error;
    log.warn('nobody could tell whether a contact was merged', { cause: failureCode(error) });
    return undefined;
  }
}

/**
 * What GHL shows of an assignment follows, step by step; when it does not for good, an operator hears of it, once. What fails
 * keeps nothing behind it back, in runs that were not begun before: no rep goes untold for a pipeline that is gone.
 */
async function followInGhl(
  { lead, way, patienceMs, followUps }: LeadRun,
  { assignmentId, locationId }: LeadStanding,
  steps: readonly ('explainLead' | 'handOver' | 'notifyRep' | 'withdrawLead' | 'finishLead')[],
): Promise<void> {
  if (assignmentId === null || locationId === null) return;
  await followUps.add(locationId, async () => {
    let cause: string | undefined;
    for (const [index, step] of steps.entries()) {
      try {
        await ghlOf(locationId, patienceMs)[step]({ ...lead, assignmentId });
      } catch (error) {
        if (!isStepFailure(error)) throw error;
        cause ??= failureCode(error);
        if (index < steps.length - 1 && !way.isEachToldByItself()) break;
      }
    }
    if (cause === undefined) return;
    const first = cause;
    await putBeforeOperator(() => leads.recordUntold({ ...lead, assignmentId, cause: first }));
  });
}

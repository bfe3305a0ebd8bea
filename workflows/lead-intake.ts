import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { LeadStanding } from '../domain/lead-messages.ts';
import { leadStateQuery } from './lead-intake-messages.ts';
import { type LeadMessage, openLeadInbox } from './lead-inbox.ts';
import { openFollowUps } from './follow-ups.ts';
import { refusalOf, takeInOrFail } from './lead-failure.ts';
import { type LeadRef, type LeadRun, leads } from './lead-placement.ts';
import { obey } from './lead-obedience.ts';
import { wayOf } from './lead-way.ts';

export interface LeadIntakeInput extends LeadRef {
  /** How long GHL may stay away before a placement is given up, in milliseconds. */
  patienceMs?: number;
  /** Which steps its runs take (`LEAD_WAY`); those begun before this was told ask their histories. */
  way?: number;
  /** Where an earlier run of this lead stopped. */
  standing?: LeadStanding;
  /** What that run had not yet obeyed. */
  messages?: LeadMessage[];
}

const PATIENCE_MS = 24 * 3_600_000;
/** Well below the 51,200 at which Temporal ends a workflow. */
const LONGEST_HISTORY_EVENTS = 20_000;
/** A timer needs an end; every assigned or queued lead has one of its own. */
const LONGEST_WAIT_MS = 365 * 24 * 3_600_000;
/** A lead whose end could not be stored is ended later. */
const UNENDED_RETRY_MS = 24 * 3_600_000;
const LOCATION_ID = defineSearchAttributeKey('LocationId', SearchAttributeType.KEYWORD);
const LEAD_STATUS = defineSearchAttributeKey('LeadStatus', SearchAttributeType.KEYWORD);

/** A lead from the moment it came in until it ends: routed, written to GHL, told to its rep, reassigned, closed. */
export async function leadIntake(input: LeadIntakeInput): Promise<LeadStanding> {
  const { agencyId, leadId } = input;
  try {
    return await live(input);
  } catch (error) {
    // An operator who ends it by hand leaves an open lead behind: it holds no slot of a rep's and is a dead letter.
    if (isCancellation(error))
      await CancellationScope.nonCancellable(() => leads.recordCancelled({ agencyId, leadId }));
    throw error;
  }
}

async function live(input: LeadIntakeInput): Promise<LeadStanding> {
  const { agencyId, leadId, patienceMs = PATIENCE_MS } = input;
  const way = wayOf(input.way);
  const followUps = openFollowUps(way);
  const run: LeadRun = { lead: { agencyId, leadId }, way, patienceMs, followUps };
  let standing: LeadStanding = input.standing ?? {
    status: 'routing',
    locationId: null,
    repId: null,
    assignmentId: null,
    closeReason: null,
    expiresAtMs: null,
  };
  setHandler(leadStateQuery, () => standing);
  const inbox = openLeadInbox(input.messages ?? [], () => standing);
  const stand = (next: LeadStanding): void => {
    show(next, standing);
    standing = next;
  };

  let staysUntilMs = 0;
  if (input.standing) describe(input.standing);
  if (standing.status === 'routing') stand(await takeInOrFail(run, inbox));
  // A storm of messages makes the history long; what GHL is still to be told belongs to this run.
  const isLongEnough = (): boolean => workflowInfo().continueAsNewSuggested && followUps.isIdle();
  while (isOpen(standing)) {
    if (workflowInfo().historyLength > LONGEST_HISTORY_EVENTS) await condition(() => followUps.isIdle());
    if (isLongEnough()) {
      // A caller who is still in the queue is answered by this run: that handler cannot finish before.
      await condition(() => allHandlersFinished() || inbox.isAsked());
      // No await between the look at the queue and the end of this run: what comes later is the next run's.
      const messages = inbox.carry();
      if (messages) await continueAsNew<typeof leadIntake>({ ...input, standing, messages });
    }
    const endsAtMs = Math.max(standing.expiresAtMs ?? Date.now() + LONGEST_WAIT_MS, staysUntilMs);
    const waiting = await inbox.next(Math.max(0, endsAtMs - Date.now()), isLongEnough);
    if (!waiting && isLongEnough()) continue;
    const message = waiting?.message ?? 'too-old';
    try {
      stand(await obey(run, standing, message));
      waiting?.settle?.done(standing);
    } catch (error) {
      // A refusal is the answer to an update; a signal has nobody to answer, and the refusal is on the timeline.
      const step = message === 'too-old' ? message : message.kind;
      const refusal = await refusalOf(run.lead, step, error);
      waiting?.settle?.refused(refusal);
      if (message === 'too-old') staysUntilMs = Date.now() + UNENDED_RETRY_MS;
    }
  }
  inbox.close(ApplicationFailure.nonRetryable('refused: lead-closed', 'lead-closed'));
  await condition(() => allHandlersFinished() && followUps.isIdle());
  return standing;
}

const isOpen = (standing: LeadStanding): boolean => standing.status !== 'closed';

/** What an operator finds and sees in the Web UI without reading the code. */
function show(standing: LeadStanding, before: LeadStanding): void {
  if (standing.status !== before.status || standing.locationId !== before.locationId) {
    upsertSearchAttributes([
      { key: LEAD_STATUS, value: standing.status },
      ...(standing.locationId === null ? [] : [{ key: LOCATION_ID, value: standing.locationId }]),
    ]);
  }
  describe(standing);
}

function describe(standing: LeadStanding): void {
  const lines = [
    `**${standing.status}**${standing.closeReason === null ? '' : ` (${standing.closeReason})`}`,
    ...(standing.locationId === null ? [] : [`- location: \`${standing.locationId}\``]),
    ...(standing.repId === null ? [] : [`- rep: \`${standing.repId}\``]),
    ...(standing.status === 'queued' ? ['- waits for an operator: signal `reassignLead` with `{"repId": "…"}`'] : []),
  ];
  setCurrentDetails(lines.join('\n'));
}

import { type Client, ScheduleOverlapPolicy } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { POLL_RUN_TIMEOUT } from '../domain/poll-rules.ts';
import { pollSyncWorkflowId } from '../domain/workflow-ids.ts';
import type { pollRounds, pollSync } from '../workflows/index.ts';
import { ensureSchedule, SCHEDULE_DEADLINE_MS, START_DEADLINE_MS, type Within } from './schedules.ts';
import { searchAttributesOf } from './search-attributes.ts';

/** The one schedule that polls all locations of all agencies. */
export const POLL_SCHEDULE_ID = 'poll-rounds';

/** How often a round looks for locations that are due. */
export interface PollSchedule {
  everyMs: number;
  /** How many locations a round starts at most. */
  locations: number;
}

const POLL_SCHEDULE: PollSchedule = { everyMs: 30_000, locations: 200 };
/** What was missed while Temporal was away is not made up for: the next round finds all that is due. */
const CATCH_UP_MS = 60_000;

/** Polls a location now; that it is being polled already is success. */
async function startPolling(client: Client, of: { agencyId: string; locationId: string }): Promise<void> {
  try {
    await client.workflow.start<typeof pollSync>('pollSync', {
      workflowId: pollSyncWorkflowId(of.locationId),
      taskQueue: 'sync',
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowRunTimeout: POLL_RUN_TIMEOUT,
      args: [of],
      staticSummary: 'Polls a location for what no event told',
      ...searchAttributesOf(of.agencyId, 'poll-sync', of.locationId),
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

/** Makes the schedule of polling, or brings the one that is there to what this code says. Safe to repeat. */
async function ensurePollSchedule(client: Client, schedule: PollSchedule = POLL_SCHEDULE): Promise<void> {
  const { everyMs, locations } = schedule;
  await ensureSchedule(client, POLL_SCHEDULE_ID, {
    spec: { intervals: [{ every: everyMs }] },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCH_UP_MS },
    action: {
      type: 'startWorkflow',
      workflowType: 'pollRounds',
      workflowId: POLL_SCHEDULE_ID,
      taskQueue: 'sync',
      // Their starts are spread over the better part of the time until the next round.
      args: [{ locations, spreadMs: everyMs * 0.8 }] as Parameters<typeof pollRounds>,
      staticSummary: 'Starts the polling of locations that are due',
    },
  });
}

/** What is asked of polling. @param within does a call within a deadline, and says when Temporal is away */
export const createPollingClient = (client: Client, within: Within) => ({
  /** Polls a location now; that it is being polled already is success. @throws TemporalUnavailableError */
  startPollSync: (of: { agencyId: string; locationId: string }): Promise<void> =>
    within(START_DEADLINE_MS, () => startPolling(client, of)),

  /** Makes or updates the schedule by which all locations are polled. @throws TemporalUnavailableError */
  ensurePollSchedule: (schedule?: PollSchedule): Promise<void> =>
    within(SCHEDULE_DEADLINE_MS, () => ensurePollSchedule(client, schedule)),
});

import {
  defineSearchAttributeKey,
  SearchAttributeType,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/common';
import { ParentClosePolicy, proxyActivities, sleep, startChild } from '@temporalio/workflow';
import type { PollActivities, PollRef } from '../activities/poll-sync.ts';
import { POLL_RUN_TIMEOUT } from '../domain/poll-rules.ts';
import { pollSyncWorkflowId } from '../domain/workflow-ids.ts';
import { pollSync } from './poll-sync.ts';

export interface PollRoundsInput {
  /** How many locations one round starts at most. */
  locations: number;
  /** Over how long their starts are spread. */
  spreadMs: number;
}

const store = proxyActivities<PollActivities>({
  startToCloseTimeout: '1 minute',
  // The schedule comes again soon.
  scheduleToCloseTimeout: '1 minute',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '10 seconds' },
});

const AGENCY_ID = defineSearchAttributeKey('AgencyId', SearchAttributeType.KEYWORD);
const LOCATION_ID = defineSearchAttributeKey('LocationId', SearchAttributeType.KEYWORD);
const CAPABILITY = defineSearchAttributeKey('Capability', SearchAttributeType.KEYWORD);

/** Starts made together are several times as fast as one by one, and many more at once keep Temporal from leads. */
const STARTS_AT_ONCE = 25;

/**
 * Starts the polling of every location that is due, spread over the time until the schedule comes again. They live on
 * when this ends; one that runs already is left to itself.
 */
export async function pollRounds({ locations, spreadMs }: PollRoundsInput): Promise<number> {
  const due = await store.listDuePolls({ limit: locations });
  const batches = Math.ceil(due.length / STARTS_AT_ONCE);
  for (let batch = 0; batch < batches; batch += 1) {
    if (batch > 0) await sleep(spreadMs / batches);
    await Promise.all(due.slice(batch * STARTS_AT_ONCE, (batch + 1) * STARTS_AT_ONCE).map(startPolling));
  }
  return due.length;
}

async function startPolling(location: PollRef): Promise<void> {
  const { agencyId, locationId } = location;
  try {
    await startChild(pollSync, {
      workflowId: pollSyncWorkflowId(locationId),
      taskQueue: 'sync',
      args: [location],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowRunTimeout: POLL_RUN_TIMEOUT,
      staticSummary: 'Polls a location for what no event told',
      typedSearchAttributes: [
        { key: AGENCY_ID, value: agencyId },
        { key: LOCATION_ID, value: locationId },
        { key: CAPABILITY, value: 'poll-sync' },
      ],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

import { continueAsNew, proxyActivities, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { PollActivities } from '../activities/poll-sync.ts';
import type { PollGhlActivities } from '../activities/poll-sync-ghl.ts';
import type { PassKind, PolledResource } from '../domain/poll-rules.ts';
import { failureCode, isStepFailure } from './step-failure.ts';
import { ghlQueueOf } from './task-queues.ts';

export interface PollSyncInput {
  agencyId: string;
  locationId: string;
  /** After how many steps a run continues as new; tests want few. */
  stepsARun?: number;
}

const store = proxyActivities<PollActivities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds' },
});

/** What changed lately goes before sweeps of other locations: hundreds of first looks take hours. */
const PRIORITY: Record<PassKind, number> = { delta: 2, sweep: 4 };

/** A pass that GHL keeps waiting longer is postponed, so that the others of the location get on. */
const ghlFor = (locationId: string, kind: PassKind) =>
  proxyActivities<PollGhlActivities>({
    taskQueue: ghlQueueOf('sync'),
    priority: { priorityKey: PRIORITY[kind], fairnessKey: locationId },
    startToCloseTimeout: '5 minutes',
    heartbeatTimeout: '20 seconds',
    scheduleToCloseTimeout: '30 minutes',
    retry: { initialInterval: '2 seconds', maximumInterval: '1 minute' },
  });

/** A long sweep lets what has become due meanwhile go before it after so many steps. */
const STEPS_A_TURN = 10;
/** An activity is six events; a run ends well before what the server suggests. */
const STEPS_A_RUN = 200;

/**
 * Polls one location until nothing of it is due: pass by pass, page by page. How far each is stands in Postgres, so that
 * the run may end at any point and another goes on there.
 */
export async function pollSync(input: PollSyncInput): Promise<void> {
  let steps = 0;
  for (;;) {
    const due = await store.planPolls(input);
    if (due.length === 0) return;
    for (const pass of due) {
      setCurrentDetails(`${pass.kind} of ${pass.resource}`);
      steps += await takePages(input, pass);
      if (steps >= (input.stepsARun ?? STEPS_A_RUN) || workflowInfo().continueAsNewSuggested)
        await continueAsNew<typeof pollSync>(input);
    }
  }
}

/** @returns how many steps it took */
async function takePages(input: PollSyncInput, pass: { resource: PolledResource; kind: PassKind }): Promise<number> {
  const args = { ...input, ...pass };
  const ghl = ghlFor(input.locationId, pass.kind);
  for (let steps = 1; ; steps += 1) {
    try {
      const { isDone } = await ghl.pollPage(args);
      if (isDone || steps >= STEPS_A_TURN) return steps;
    } catch (error) {
      if (!isStepFailure(error)) throw error;
      await store.postponePass({ ...args, cause: failureCode(error) });
      return steps;
    }
  }
}

import {
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import {
  defineSearchAttributeKey,
  SearchAttributeType,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/common';
import type { BackfillWish } from '../domain/backfill.ts';
import type { RunState } from '../domain/backfill-standing.ts';
import { backfillWorkflowId } from '../domain/workflow-ids.ts';
import { backfill, type BackfillInput } from './backfill.ts';
import { partEndedSignal } from './backfill-messages.ts';
import { backfills } from './backfill-steps.ts';
import { queueWishes, SIGNAL_OF } from './backfill-wishes.ts';

export interface BackfillRunInput {
  agencyId: string;
  runId: string;
  /** What an earlier run of the workflow had not yet obeyed. */
  wishes?: BackfillWish[];
}

/** Parts that run at once: as many locations, each with a budget of its own, as one worker process has slots for. */
const WINDOW = 8;
/** How often it looks for parts whose workflow was ended by force: those tell nobody. */
const LOOK_EVERY = '10 minutes';

/**
 * Lets the parts of a run go, a few at a time. Which are left stands in Postgres. They are children that outlive this
 * workflow's runs: they tell by a signal that they have ended, and starting one that runs is success.
 */
export async function backfillRun(input: BackfillRunInput): Promise<RunState> {
  const { agencyId, runId } = input;
  const wishes = queueWishes(input.wishes);
  let hasNews = false;
  setHandler(partEndedSignal, () => void (hasNews = true));
  // A new run does not know what became of the children of the one before.
  let again = input.wishes !== undefined;
  for (;;) {
    for (let wish = wishes.shift(); wish !== undefined; wish = wishes.shift()) {
      const running = await backfills.wishBackfillRun({ agencyId, runId, wish });
      await Promise.all(running.map((workflowId) => passOn(workflowId, wish)));
    }
    hasNews = false;
    const work = await backfills.planRun({ agencyId, runId, window: WINDOW, again });
    if (work.isOver) return backfills.tellRun({ agencyId, runId });
    await Promise.all(work.toStart.map((part) => startPart({ agencyId, runId, ...part })));
    if (workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof backfillRun>({ agencyId, runId, wishes });
    }
    again = !(await condition(() => hasNews || wishes.length > 0, LOOK_EVERY));
  }
}

async function startPart(part: BackfillInput & { runId: string }): Promise<void> {
  const { agencyId, locationId, resource, runId } = part;
  try {
    await startChild(backfill, {
      workflowId: backfillWorkflowId(locationId, resource, runId),
      args: [part],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      staticSummary: `Brings ${resource} records of a location into the mirror`,
      typedSearchAttributes: [
        { key: AGENCY_ID, value: agencyId },
        { key: LOCATION_ID, value: locationId },
        { key: CAPABILITY, value: 'backfill' },
      ],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

/** A part that has ended meanwhile needs to be told nothing. */
async function passOn(workflowId: string, wish: BackfillWish): Promise<void> {
  try {
    await getExternalWorkflowHandle(workflowId).signal(SIGNAL_OF[wish]);
  } catch (error) {
    if (isCancellation(error)) throw error;
  }
}

const AGENCY_ID = defineSearchAttributeKey('AgencyId', SearchAttributeType.KEYWORD);
const LOCATION_ID = defineSearchAttributeKey('LocationId', SearchAttributeType.KEYWORD);
const CAPABILITY = defineSearchAttributeKey('Capability', SearchAttributeType.KEYWORD);

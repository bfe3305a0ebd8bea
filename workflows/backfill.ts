import {
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { BackfillReport } from '../activities/backfill.ts';
import type { BackfillPartRef, WalkResult } from '../activities/backfill-ghl.ts';
import type { BackfillResource, BackfillWish, NamesWanted } from '../domain/backfill.ts';
import { paceOf } from '../domain/backfill-standing.ts';
import { backfillRunWorkflowId } from '../domain/workflow-ids.ts';
import { backfillProgressQuery, partEndedSignal } from './backfill-messages.ts';
import { backfillGhlOf, backfills } from './backfill-steps.ts';
import { queueWishes } from './backfill-wishes.ts';
import { failureCode, isStepFailure, putBeforeOperator } from './step-failure.ts';

/** As somebody starts it by hand: every field is checked by the first step. */
export interface BackfillInput {
  agencyId: string;
  locationId: string;
  resource: BackfillResource;
  /** The run it belongs to; without one it is a run of its own. */
  runId?: string;
  /** ISO 8601: records made from then on, and before then. */
  from?: string;
  to?: string;
  names?: NamesWanted;
  /** What an earlier run of the workflow hands on; nobody else gives it. */
  carried?: Carried;
}

interface Carried {
  ref: BackfillPartRef;
  wishes: BackfillWish[];
  last: WalkResult;
}

/** How often a paused part looks by itself whether it may go on: a signal that was lost costs no more than that. */
const LOOK_EVERY = '10 minutes';

/**
 * Brings what GHL holds of one location and kind into the mirror, page by page, then reads all of it once more to prove
 * that nothing is missing. Where it is stands in Postgres, written with every page: this workflow only keeps it going,
 * and whatever is killed goes on from there. Nothing of it makes a lead.
 */
export async function backfill(input: BackfillInput): Promise<BackfillReport | null> {
  const { carried } = input;
  const wishes = queueWishes(carried?.wishes);
  let wanted: BackfillWish = 'run';
  let last = carried?.last;
  setHandler(backfillProgressQuery, () => describe(last, wanted));
  const { workflowId, firstExecutionRunId } = workflowInfo();
  const ref = carried?.ref ?? (await open(input, { workflowId, fallbackRunId: firstExecutionRunId }));
  const ghl = backfillGhlOf(ref.locationId);

  let hasObeyed = false;
  const obey = async (): Promise<void> => {
    for (let wish = wishes.shift(); wish !== undefined; wish = wishes.shift()) {
      hasObeyed = true;
      await backfills.wishBackfillPart({ ...ref, wish });
    }
  };
  /** Walks, and notes meanwhile what people ask: a walk looks with every page. */
  const walk = async (): Promise<WalkResult> => {
    let isWalking = true;
    const walking = ghl.walkBackfill(ref).finally(() => (isWalking = false));
    walking.catch(() => undefined);
    while (isWalking) {
      await condition(() => !isWalking || wishes.length > 0);
      await obey();
    }
    return walking;
  };

  try {
    for (;;) {
      await obey();
      hasObeyed = false;
      last = await walk();
      wanted = last.outcome === 'paused' ? 'pause' : last.outcome === 'cancelled' ? 'cancel' : 'run';
      tell(last, wanted);
      if (last.outcome === 'walked') return await end(ref, 'done', null);
      if (last.outcome === 'cancelled' || last.outcome === 'over') return await end(ref, 'cancelled', null);
      // What was obeyed meanwhile may have come after the walk had looked: then it looks again.
      const isResting = last.outcome === 'paused' && !hasObeyed;
      if (isResting) await condition(() => wishes.length > 0, LOOK_EVERY);
      if (workflowInfo().continueAsNewSuggested)
        await continueAsNew<typeof backfill>({ ...input, carried: { ref, wishes, last } });
    }
  } catch (error) {
    if (isCancellation(error)) {
      await CancellationScope.nonCancellable(() => end(ref, 'cancelled', null));
      throw error;
    }
    if (!isStepFailure(error)) throw error;
    const cause = failureCode(error);
    await putBeforeOperator(async () => void (await end(ref, 'failed', cause)));
    throw ApplicationFailure.nonRetryable('a part of a backfill stopped for good', cause);
  }
}

/** A part that its run starts and that cannot begin any more, as where the app has been removed, has failed. */
async function open(input: BackfillInput, of: { workflowId: string; fallbackRunId: string }): Promise<BackfillPartRef> {
  try {
    return await backfills.openBackfill({ input, ...of });
  } catch (error) {
    const { agencyId, locationId, resource, runId } = input;
    if (isStepFailure(error) && workflowInfo().parent !== undefined && runId !== undefined) {
      const cause = failureCode(error);
      await putBeforeOperator(async () => void (await end({ agencyId, locationId, resource, runId }, 'failed', cause)));
    }
    throw error;
  }
}

async function end(
  ref: BackfillPartRef,
  state: 'done' | 'failed' | 'cancelled',
  cause: string | null,
): Promise<BackfillReport | null> {
  const report = await backfills.endPart({ ...ref, state, cause });
  if (report) setCurrentDetails(`**done**, checked\n\n${JSON.stringify(report)}`);
  await tellRun(ref);
  return report;
}

/** A run that is not there any more, or was ended by force, needs no news. */
async function tellRun({ agencyId, runId }: BackfillPartRef): Promise<void> {
  const { parent } = workflowInfo();
  if (parent === undefined) return;
  try {
    await getExternalWorkflowHandle(backfillRunWorkflowId(agencyId, runId)).signal(partEndedSignal);
  } catch (error) {
    if (isCancellation(error)) throw error;
  }
}

const describe = (last: WalkResult | undefined, wanted: BackfillWish) => {
  const { step = null, done = 0, total = null, activeSeconds = 0, listed = 0 } = last ?? {};
  const figures = { state: 'running' as const, wanted, done, total, activeSeconds, listed };
  return { step, done, total, listed, wanted, ...paceOf(figures) };
};

function tell(last: WalkResult, wanted: BackfillWish): void {
  const { step, done, total, secondsLeft } = describe(last, wanted);
  const left = secondsLeft === null ? '' : `, about ${secondsLeft} s left`;
  setCurrentDetails(
    `${wanted === 'pause' ? '**paused** in ' : ''}${step ?? 'start'}: ${done} of ${total ?? '?'}${left}`,
  );
}

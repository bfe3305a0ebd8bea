import { proxyActivities } from '@temporalio/workflow';
import type { ContactMergeActivities } from '../activities/contact-merge.ts';
import type { ContactMergeGhlActivities } from '../activities/contact-merge-ghl.ts';
import { failureCode, isStepFailure, putBeforeOperator } from './step-failure.ts';
import { ghlQueueOf } from './task-queues.ts';

export interface ContactMergeInput {
  agencyId: string;
  mergeId: string;
}

const store = proxyActivities<ContactMergeActivities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds' },
});

const ghl = proxyActivities<ContactMergeGhlActivities>({
  taskQueue: ghlQueueOf('sync'),
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '20 seconds',
  scheduleToCloseTimeout: '24 hours',
  retry: { initialInterval: '2 seconds', maximumInterval: '5 minutes' },
});

/** Makes two contacts one, as an operator has decided: unless it is unsafe, the survivor absorbs the other one. */
export async function contactMerge(merge: ContactMergeInput): Promise<string> {
  try {
    const reason = await ghl.judgeContactMerge(merge);
    if (reason !== 'ok') {
      await store.endContactMerge({ ...merge, outcome: 'refused', reason });
      return reason;
    }
    await ghl.absorbContact(merge);
    await ghl.finishContactMerge(merge);
    return 'merged';
  } catch (error) {
    if (!isStepFailure(error)) throw error;
    const reason = failureCode(error);
    await putBeforeOperator(() => store.endContactMerge({ ...merge, outcome: 'failed', reason }));
    return reason;
  }
}

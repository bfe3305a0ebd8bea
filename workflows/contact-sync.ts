import { condition, continueAsNew, proxyActivities, setHandler, sleep, workflowInfo } from '@temporalio/workflow';
import type { ContactSyncActivities } from '../activities/contact-sync.ts';
import type { ContactSyncGhlActivities } from '../activities/contact-sync-ghl.ts';
import { type ContactChange, gatherChanges, isContactChange } from '../domain/contact-change.ts';
import { contactChangedSignal } from './contact-sync-messages.ts';
import { failureCode, isStepFailure, putBeforeOperator } from './step-failure.ts';
import { ghlQueueOf } from './task-queues.ts';

export interface ContactSyncInput {
  agencyId: string;
  locationId: string;
  /** What an earlier run had not yet done. */
  changes?: ContactChange[];
  /** How long it waits for more before it reads, in milliseconds. */
  gatherMs?: number;
}

const GATHER_MS = 1_000;
/** Records read by one step: it must end well within its time however slow GHL is. */
const READ_AT_ONCE = 20;

const store = proxyActivities<ContactSyncActivities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds' },
});

const ghl = proxyActivities<ContactSyncGhlActivities>({
  taskQueue: ghlQueueOf('sync'),
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '20 seconds',
  scheduleToCloseTimeout: '24 hours',
  retry: { initialInterval: '2 seconds', maximumInterval: '5 minutes' },
});

/**
 * Brings what events told of one contact into the mirror, and ends when it has done all. It waits a moment, because one
 * change sends several events, and then reads each record once, however often it was named. GHL promises no order, so
 * the record is read and never the event believed.
 */
export async function contactSync(input: ContactSyncInput): Promise<void> {
  const { agencyId, locationId, gatherMs = GATHER_MS } = input;
  let queue: ContactChange[] = [...(input.changes ?? [])];
  setHandler(contactChangedSignal, (change) => {
    if (isContactChange(change)) queue.push(change);
  });
  // Started by a signal: the first change is here, or arrives with the next task.
  await condition(() => queue.length > 0, '10 seconds');

  while (queue.length > 0) {
    await sleep(gatherMs);
    const gathered = gatherChanges(queue);
    queue = gathered.slice(READ_AT_ONCE);
    await read({ agencyId, locationId, changes: gathered.slice(0, READ_AT_ONCE) });
    if (queue.length > 0 && workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof contactSync>({ ...input, changes: gatherChanges(queue) });
    }
  }
}

async function read(of: { agencyId: string; locationId: string; changes: ContactChange[] }): Promise<void> {
  try {
    await ghl.readChanges(of);
  } catch (error) {
    if (!isStepFailure(error)) throw error;
    const cause = failureCode(error);
    await putBeforeOperator(() => store.recordUnreadChanges({ ...of, cause }));
  }
}

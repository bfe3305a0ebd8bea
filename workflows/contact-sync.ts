import {
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { ContactEditActivities } from '../activities/contact-edits.ts';
import type { ContactEditGhlActivities } from '../activities/contact-edits-ghl.ts';
import type { ContactSyncActivities } from '../activities/contact-sync.ts';
import type { ContactSyncGhlActivities } from '../activities/contact-sync-ghl.ts';
import { type ContactChange, gatherChanges, isContactChange } from '../domain/contact-change.ts';
import { contactSyncWorkflowId } from '../domain/workflow-ids.ts';
import { contactChangedSignal, contactEditedSignal } from './contact-sync-messages.ts';
import { CANCELLED, failureCode, isStepFailure, putBeforeOperator } from './step-failure.ts';
import { ghlQueueOf } from './task-queues.ts';

export interface ContactSyncInput {
  agencyId: string;
  locationId: string;
  /** What an earlier run had not yet done. */
  changes?: ContactChange[];
  editedContactIds?: string[];
  /** How long it waits for more before it reads, in milliseconds; 0 where the inbox has done so. */
  gatherMs?: number;
}

const GATHER_MS = 1_000;
/** Records read by one step: it must end well within its time however slow GHL is. */
const READ_AT_ONCE = 20;

const store = proxyActivities<ContactSyncActivities & ContactEditActivities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds' },
});

const ghl = proxyActivities<ContactSyncGhlActivities & ContactEditGhlActivities>({
  taskQueue: ghlQueueOf('sync'),
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '20 seconds',
  scheduleToCloseTimeout: '24 hours',
  retry: { initialInterval: '2 seconds', maximumInterval: '5 minutes' },
});

/**
 * Keeps one contact in step, both ways, and ends when it has done all. What events told is read: it waits a moment,
 * because one change sends several events, and then reads each record once, however often it was named; GHL promises no
 * order, so the record is read and never the event believed. Our own changes are written, one contact's by nobody else.
 * Neither waits for the other: a record that cannot be read holds no change up. Who cancels it finds what it was still to read in
 * dead letters; changes that are not written are brought to its next run (`api/forgotten-changes.ts`).
 */
export async function contactSync(input: ContactSyncInput): Promise<void> {
  const { gatherMs = GATHER_MS } = input;
  let queue: ContactChange[] = [...(input.changes ?? [])];
  let inHand: ContactChange[] = [];
  const edited = new Set(input.editedContactIds);
  setHandler(contactChangedSignal, (changes) => {
    queue.push(...[changes].flat().filter(isContactChange));
  });
  setHandler(contactEditedSignal, (named: unknown) => {
    const { contactId } = (named ?? {}) as { contactId?: unknown };
    if (typeof contactId === 'string') edited.add(contactId);
  });
  try {
    await doAll();
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(handBack);
    throw error;
  }

  async function doAll(): Promise<void> {
    // Started by a signal: the first change is here, or arrives with the next task.
    await condition(() => queue.length > 0 || edited.size > 0, '10 seconds');

    let [isReading, isWriting, failure] = [false, false, undefined as unknown];
    const mustContinue = (): boolean => workflowInfo().continueAsNewSuggested;
    const mayRead = (): boolean => queue.length > 0 && !isReading && !mustContinue();
    const mayWrite = (): boolean => edited.size > 0 && !isWriting && !mustContinue();
    const isIdle = (): boolean => !isReading && !isWriting;
    while (queue.length > 0 || edited.size > 0 || !isIdle()) {
      if (mustContinue() && isIdle()) {
        const rest = { changes: gatherChanges(queue), editedContactIds: [...edited] };
        await continueAsNew<typeof contactSync>({ ...input, ...rest });
      }
      if (mayRead()) {
        isReading = true;
        void readNext()
          .catch((error: unknown) => (failure = error))
          .finally(() => (isReading = false));
      }
      if (mayWrite()) {
        isWriting = true;
        const [contactId = ''] = edited;
        edited.delete(contactId);
        void write(input, contactId)
          .catch((error: unknown) => (failure = error))
          .finally(() => (isWriting = false));
      }
      await condition(() => mayRead() || mayWrite() || isIdle());
      if (failure !== undefined) throw failure as Error;
    }
  }

  async function readNext(): Promise<void> {
    // A full round has nothing to wait for, nor has what was gathered before it came.
    if (queue.length <= READ_AT_ONCE && gatherMs > 0) await sleep(gatherMs);
    const gathered = gatherChanges(queue);
    queue = gathered.slice(READ_AT_ONCE);
    inHand = gathered.slice(0, READ_AT_ONCE);
    await read(input, inHand);
    inHand = [];
  }

  /** Puts what was not read before an operator, and what is told meanwhile. */
  async function handBack(): Promise<void> {
    queue.unshift(...inHand);
    while (queue.length > 0) {
      const changes = gatherChanges(queue);
      queue = [];
      await tellUnread(input, changes, CANCELLED);
    }
  }
}

async function read({ agencyId, locationId }: ContactSyncInput, changes: ContactChange[]): Promise<void> {
  const of = { agencyId, locationId, changes };
  try {
    await ghl.readChanges(of);
  } catch (error) {
    if (!isStepFailure(error)) throw error;
    await tellUnread(of, changes, failureCode(error));
  }
}

async function tellUnread(
  { agencyId, locationId }: ContactSyncInput,
  changes: ContactChange[],
  cause: string,
): Promise<void> {
  await putBeforeOperator(() => store.recordUnreadChanges({ agencyId, locationId, changes, cause }));
}

async function write({ agencyId, locationId }: ContactSyncInput, contactId: string): Promise<void> {
  const contactKey = workflowInfo().workflowId.slice(contactSyncWorkflowId(locationId, '').length);
  const of = { agencyId, locationId, contactKey, contactId };
  try {
    await ghl.writeContactEdits(of);
  } catch (error) {
    if (!isStepFailure(error)) throw error;
    const cause = failureCode(error);
    await putBeforeOperator(() => store.recordEditFailure({ ...of, cause }));
  }
}

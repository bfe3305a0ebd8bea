import { condition, continueAsNew, proxyActivities, setHandler, workflowInfo } from '@temporalio/workflow';
import type { AccountActivities } from '../activities/account-sync.ts';
import type { AccountGhlActivities } from '../activities/account-sync-ghl.ts';
import type { AccountEvent } from '../domain/account-event.ts';
import { accountEventSignal } from './account-sync-messages.ts';
import { failureCode, isStepFailure, putBeforeOperator } from './step-failure.ts';
import { ghlQueueOf } from './task-queues.ts';

export interface AccountSyncInput {
  agencyId: string;
  /** What an earlier run had not yet done. */
  events?: AccountEvent[];
}

const accounts = proxyActivities<AccountActivities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds' },
});

/** An install is of use only with its token; one that arrives before the agency is connected waits for that. */
const ghl = proxyActivities<AccountGhlActivities>({
  taskQueue: ghlQueueOf('sync'),
  startToCloseTimeout: '60 seconds',
  scheduleToCloseTimeout: '24 hours',
  retry: { initialInterval: '2 seconds', maximumInterval: '5 minutes' },
});

/**
 * Keeps an account's installs and users in step with GHL, one event after the other, and ends when it has done all.
 * An event that cannot be applied is a dead letter and keeps none behind it back; neither does a token that is waited for.
 */
export async function accountSync(input: AccountSyncInput): Promise<void> {
  const { agencyId } = input;
  const queue: AccountEvent[] = [...(input.events ?? [])];
  let tokensPending = 0;
  setHandler(accountEventSignal, (event) => {
    queue.push(event);
  });
  // Started by a signal: the first event is here, or arrives with the next task.
  if (queue.length === 0) await condition(() => queue.length > 0, '10 seconds');

  while (queue.length > 0 || tokensPending > 0) {
    for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
      const locationId = await applyEvent(agencyId, event);
      if (locationId !== undefined) {
        tokensPending += 1;
        void obtainToken(agencyId, locationId).finally(() => (tokensPending -= 1));
      }
      if (workflowInfo().continueAsNewSuggested && tokensPending === 0) {
        await continueAsNew<typeof accountSync>({ agencyId, events: queue });
      }
    }
    await condition(() => queue.length > 0 || tokensPending === 0);
  }
}

/** @returns the location that needs a token now */
async function applyEvent(agencyId: string, event: AccountEvent): Promise<string | undefined> {
  try {
    const { needsToken, locationId } = await accounts.applyAccountEvent({ agencyId, event });
    return needsToken && locationId !== null ? locationId : undefined;
  } catch (error) {
    if (!isStepFailure(error)) throw error;
    const cause = failureCode(error);
    await putBeforeOperator(() => accounts.recordEventFailure({ agencyId, event, cause }));
    return undefined;
  }
}

async function obtainToken(agencyId: string, locationId: string): Promise<void> {
  try {
    await ghl.obtainToken({ agencyId, locationId });
  } catch (error) {
    if (!isStepFailure(error)) throw error;
    const cause = failureCode(error);
    await putBeforeOperator(() => accounts.recordInstallFailure({ agencyId, locationId, cause }));
  }
}

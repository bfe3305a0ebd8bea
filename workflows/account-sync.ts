import {
  ActivityFailure,
  condition,
  continueAsNew,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { AccountActivities } from '../activities/account-sync.ts';
import type { AccountGhlActivities } from '../activities/account-sync-ghl.ts';
import type { AccountEvent } from '../domain/account-event.ts';
import { accountEventSignal } from './account-sync-messages.ts';
import { failureCode } from './lead-placement.ts';
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

/** Keeps an account's installs and users in step with GHL, one event after the other, and ends when it has done all. */
export async function accountSync(input: AccountSyncInput): Promise<void> {
  const { agencyId } = input;
  const queue: AccountEvent[] = [...(input.events ?? [])];
  setHandler(accountEventSignal, (event) => {
    queue.push(event);
  });
  // Started by a signal: the first event is here, or arrives with the next task.
  if (queue.length === 0) await condition(() => queue.length > 0, '10 seconds');

  for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
    const change = await accounts.applyAccountEvent({ agencyId, event });
    if (change.needsToken && change.locationId !== null) {
      try {
        await ghl.obtainToken({ agencyId, locationId: change.locationId });
      } catch (error) {
        if (!(error instanceof ActivityFailure)) throw error;
        await accounts.recordInstallFailure({ agencyId, locationId: change.locationId, cause: failureCode(error) });
      }
    }
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof accountSync>({ agencyId, events: queue });
  }
}

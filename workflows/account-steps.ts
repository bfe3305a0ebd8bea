import { proxyActivities } from '@temporalio/workflow';
import type { AccountActivities } from '../activities/account-sync.ts';
import type { AccountGhlActivities } from '../activities/account-sync-ghl.ts';
import type { ConnectActivities } from '../activities/agency-connect.ts';
import type { ConnectGhlActivities } from '../activities/agency-connect-ghl.ts';
import { failureCode, isStepFailure, putBeforeOperator } from './step-failure.ts';
import { ghlQueueOf } from './task-queues.ts';

/** Database steps of an account. */
export const accounts = proxyActivities<AccountActivities & ConnectActivities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds' },
});

/** GHL steps of an account, none of which anybody waits for. */
export const accountsGhl = proxyActivities<AccountGhlActivities & ConnectGhlActivities>({
  taskQueue: ghlQueueOf('sync'),
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '20 seconds',
  scheduleToCloseTimeout: '24 hours',
  retry: { initialInterval: '2 seconds', maximumInterval: '5 minutes' },
});

/** An install is of use only with its token; one that arrives before the agency is connected waits for that. */
export async function obtainToken(agencyId: string, locationId: string): Promise<void> {
  try {
    await accountsGhl.obtainToken({ agencyId, locationId });
  } catch (error) {
    if (!isStepFailure(error)) throw error;
    const cause = failureCode(error);
    await putBeforeOperator(() => accounts.recordInstallFailure({ agencyId, locationId, cause }));
  }
}

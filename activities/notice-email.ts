import { ApplicationFailure } from '@temporalio/activity';
import { endDeliveries, lockDelivery } from '../db/notice-deliveries.ts';
import { withScope } from '../db/scope.ts';
import type { StoreDeps } from './dependencies.ts';
import { mapStoreFailures } from './store-failure.ts';

/** The step that sends a notice by e-mail. */
export function createNoticeEmailActivities(deps: StoreDeps) {
  async function sendNoticeEmail(args: { agencyId: string; deliveryId: string }): Promise<void> {
    const { agencyId, deliveryId } = args;
    await withScope(deps.db, { agencyId }, async (tx) => {
      const delivery = await lockDelivery(tx, deliveryId);
      if (!delivery) throw ApplicationFailure.nonRetryable('no such delivery', 'DeliveryUnknown');
      await endDeliveries(tx, [deliveryId], { state: 'suppressed', reason: 'channel-off', now: deps.now() });
    });
  }

  return mapStoreFailures({ sendNoticeEmail });
}

export type NoticeEmailActivities = ReturnType<typeof createNoticeEmailActivities>;

import { CancellationScope, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { NoticeEmailActivities } from '../activities/notice-email.ts';
import type { NoticeWebhookActivities } from '../activities/notice-webhook.ts';
import type { NotificationActivities } from '../activities/notification.ts';
import type { PlannedDelivery } from '../domain/notice.ts';
import { CANCELLED, failureCode, isStepFailure, putBeforeOperator } from './step-failure.ts';
import { NOTICE_QUEUE, WEBHOOK_QUEUE } from './task-queues.ts';

export interface NotificationInput {
  agencyId: string;
  noticeId: string;
}

const store = proxyActivities<NotificationActivities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds' },
});

/** Older than this a mail tells nothing that the person does not know; mail servers give up about then as well. */
const email = proxyActivities<NoticeEmailActivities>({
  taskQueue: NOTICE_QUEUE,
  startToCloseTimeout: '3 minutes',
  scheduleToCloseTimeout: '3 days',
  retry: { initialInterval: '10 seconds', maximumInterval: '15 minutes' },
});

/**
 * The activity says itself when it comes again, ten times in about three days. An endpoint that asks for more time gets it
 * within bounds, and this one is about the whole.
 */
const webhooksOf = (agencyId: string) =>
  proxyActivities<NoticeWebhookActivities>({
    taskQueue: WEBHOOK_QUEUE,
    startToCloseTimeout: '1 minute',
    scheduleToCloseTimeout: '12 days',
    retry: { initialInterval: '5 seconds', maximumInterval: '5 minutes' },
    priority: { fairnessKey: agencyId },
  });

/** Tells of one thing that has happened, everybody who is to hear of it, each in their own way and none waiting for another. */
export async function notification({ agencyId, noticeId }: NotificationInput): Promise<void> {
  const deliveries = await store.planNotice({ agencyId, noticeId });
  // Each to its end: one that is cancelled is put before an operator first.
  const ends = await Promise.allSettled(deliveries.map((delivery) => deliver(agencyId, delivery)));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

async function deliver(agencyId: string, { deliveryId, channel }: PlannedDelivery): Promise<void> {
  try {
    if (channel === 'email') await email.sendNoticeEmail({ agencyId, deliveryId });
    else await webhooksOf(agencyId).sendNoticeWebhook({ agencyId, deliveryId });
  } catch (error) {
    if (isCancellation(error)) {
      await CancellationScope.nonCancellable(() =>
        putBeforeOperator(() => store.recordNoticeFailure({ agencyId, deliveryId, cause: CANCELLED })),
      );
    }
    if (!isStepFailure(error)) throw error;
    const cause = failureCode(error);
    await putBeforeOperator(() => store.recordNoticeFailure({ agencyId, deliveryId, cause }));
  }
}

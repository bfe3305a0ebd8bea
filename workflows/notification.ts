import { proxyActivities } from '@temporalio/workflow';
import type { NoticeEmailActivities } from '../activities/notice-email.ts';
import type { NotificationActivities } from '../activities/notification.ts';
import type { PlannedDelivery } from '../domain/notice.ts';
import { failureCode, isStepFailure, putBeforeOperator } from './step-failure.ts';
import { NOTICE_QUEUE } from './task-queues.ts';

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

/** Tells of one thing that has happened, everybody who is to hear of it, each in their own way and none waiting for another. */
export async function notification({ agencyId, noticeId }: NotificationInput): Promise<void> {
  const deliveries = await store.planNotice({ agencyId, noticeId });
  await Promise.all(deliveries.map((delivery) => deliver(agencyId, delivery)));
}

async function deliver(agencyId: string, { deliveryId, channel }: PlannedDelivery): Promise<void> {
  try {
    if (channel === 'email') await email.sendNoticeEmail({ agencyId, deliveryId });
  } catch (error) {
    if (!isStepFailure(error)) throw error;
    const cause = failureCode(error);
    await putBeforeOperator(() => store.recordNoticeFailure({ agencyId, deliveryId, cause }));
  }
}

import { ApplicationFailure } from '@temporalio/activity';
import { v7 as uuidv7 } from 'uuid';
import { addDeadLetter } from '../db/dead-letters.ts';
import { addDeliveries, endDeliveries, listOpenDeliveries, lockDelivery } from '../db/notice-deliveries.ts';
import { listSubscriptions, readSurroundings, sealAddress } from '../db/notice-subscriptions.ts';
import { lockNotice, markNoticePlanned } from '../db/notices.ts';
import { withScope } from '../db/scope.ts';
import type { NoticeChannel, PlannedDelivery } from '../domain/notice.ts';
import { chooseRecipients } from '../domain/notice-recipients.ts';
import type { StoreDeps } from './dependencies.ts';
import type { NoticeObserver } from './notice-email.ts';
import { mapStoreFailures } from './store-failure.ts';

/** The steps of a notice that need the database only. */
export function createNotificationActivities(deps: StoreDeps & { noticeObserver?: NoticeObserver }) {
  const { db, keys, now, noticeObserver } = deps;

  /**
   * Decides who hears of a notice and makes a delivery for each. Repeatable: it is decided once, and afterwards what is
   * open of it is found again.
   */
  async function planNotice(args: { agencyId: string; noticeId: string }): Promise<PlannedDelivery[]> {
    const { agencyId, noticeId } = args;
    const { open, suppressed } = await withScope(db, { agencyId }, async (tx) => {
      const suppressed: NoticeChannel[] = [];
      const found = await lockNotice(tx, noticeId);
      if (!found) throw ApplicationFailure.nonRetryable('no such notice', 'NoticeUnknown');
      const { notice, isPlanned } = found;
      if (!isPlanned) {
        const chosen = chooseRecipients(notice, await listSubscriptions(tx, keys), await readSurroundings(tx, notice));
        const deliveries = chosen.map(({ channel, recipient, address, suppressedFor }) => ({
          id: uuidv7(),
          channel,
          recipient,
          address: address === null ? null : sealAddress(keys, address, notice),
          suppressedFor,
        }));
        await addDeliveries(tx, notice, deliveries, now());
        await markNoticePlanned(tx, noticeId, now());
        suppressed.push(...chosen.flatMap(({ channel, suppressedFor }) => (suppressedFor === null ? [] : [channel])));
      }
      return { open: await listOpenDeliveries(tx, noticeId), suppressed };
    });
    for (const channel of suppressed) noticeObserver?.ended(channel, 'suppressed', 1);
    return open;
  }

  /** Ends a delivery whose step failed for good, and puts it before an operator. Repeatable: the first end stands. */
  async function recordNoticeFailure(args: { agencyId: string; deliveryId: string; cause: string }): Promise<void> {
    const { agencyId, deliveryId, cause } = args;
    const end = await withScope(db, { agencyId }, async (tx) => {
      const delivery = await lockDelivery(tx, deliveryId);
      if (!delivery) throw ApplicationFailure.nonRetryable('no such delivery', 'DeliveryUnknown');
      // What was being sent when its last attempt was lost may have arrived: it is not sent again from a letter.
      const state = delivery.state === 'sending' ? ('unknown' as const) : ('refused' as const);
      const count = await endDeliveries(tx, [deliveryId], { state, reason: cause, now: now() });
      const end = { channel: delivery.channel, state, count };
      if (state === 'unknown' || !['pending', 'refused'].includes(delivery.state)) return end;
      await addDeadLetter(tx, {
        agencyId,
        locationId: delivery.locationId,
        capability: 'notification',
        cause: `notice:${cause}`,
        advice: `A notice (${delivery.topic}) did not reach who was to hear of it by ${delivery.channel}: mend the cause, then redrive it; nothing has arrived.`,
        subject: { kind: 'notice-delivery', id: deliveryId },
        workflowId: null,
      });
      return end;
    });
    noticeObserver?.ended(end.channel, end.state, end.count);
  }

  return mapStoreFailures({ planNotice, recordNoticeFailure });
}

export type NotificationActivities = ReturnType<typeof createNotificationActivities>;

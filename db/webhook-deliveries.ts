import { sql, type Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { DeliveryState } from '../domain/notice.ts';
import { notificationWork } from './notices.ts';
import { addWork } from './event-capabilities.ts';
import type { Database } from './schema.ts';

/** One notice on its way to one endpoint. */
export interface WebhookDelivery {
  /** The `webhook-id` of every attempt. */
  id: string;
  topic: string;
  noticeId: string;
  state: DeliveryState;
  attempts: number;
  /** What came of the last attempt, or why it was not sent: a code. */
  reason: string | null;
  createdAt: Date;
  triedAt: Date | null;
  endedAt: Date | null;
}

const shownColumns = [
  'id',
  'topic',
  'notice_id as noticeId',
  'state',
  'attempts',
  'reason',
  'created_at as createdAt',
  'tried_at as triedAt',
  'ended_at as endedAt',
] as const;

/**
 * The deliveries to an endpoint, newest first.
 * @param page `before`: the last id of the page before
 */
export async function listWebhookDeliveries(
  tx: Transaction<Database>,
  endpointId: string,
  filter: { state?: DeliveryState | undefined },
  page: { before: string | undefined; limit: number },
): Promise<WebhookDelivery[]> {
  let query = tx.selectFrom('notice_deliveries').select(shownColumns).where('recipient', '=', `endpoint:${endpointId}`);
  if (filter.state !== undefined) query = query.where('state', '=', filter.state);
  if (page.before !== undefined) query = query.where('id', '<', page.before);
  return query.orderBy('id', 'desc').limit(page.limit).execute();
}

/** How a notice goes to an endpoint; undefined while that is not planned yet. */
export async function findNoticeDelivery(
  tx: Transaction<Database>,
  of: { endpointId: string; noticeId: string },
): Promise<WebhookDelivery | undefined> {
  return tx
    .selectFrom('notice_deliveries')
    .select(shownColumns)
    .where('notice_id', '=', of.noticeId)
    .where('recipient', '=', `endpoint:${of.endpointId}`)
    .executeTakeFirst();
}

/** A delivery to an endpoint, and which one; undefined for one that is none such. */
export async function findWebhookDelivery(
  tx: Transaction<Database>,
  id: string,
): Promise<(WebhookDelivery & { endpointId: string }) | undefined> {
  return tx
    .selectFrom('notice_deliveries')
    .select([...shownColumns, sql<string>`substr(recipient, 10)`.as('endpointId')])
    .where('id', '=', id)
    .where('channel', '=', 'webhook')
    .executeTakeFirst();
}

/**
 * Sends what has ended once more, with the same id: whoever has it knows it by that.
 * @returns those of them that are sent again; what still waits goes by itself
 */
export async function redeliverWebhooks(
  tx: Transaction<Database>,
  of: { agencyId: string; endpointId: string; deliveryIds: readonly string[] },
  now: Date,
): Promise<string[]> {
  if (of.deliveryIds.length === 0) return [];
  const opened = await tx
    .updateTable('notice_deliveries')
    .set({ state: 'pending', reason: null, ended_at: null, attempts: 0 })
    .where('id', 'in', of.deliveryIds)
    .where('recipient', '=', `endpoint:${of.endpointId}`)
    .where('ended_at', 'is not', null)
    .returning(['id', 'notice_id as noticeId', 'location_id as locationId'])
    .execute();
  // In a workflow of its own: the one that has told of the notice is over.
  const work = opened.map(({ noticeId, locationId }) => {
    const redriveId = uuidv7();
    return notificationWork({ agencyId: of.agencyId, locationId, noticeId, causeId: redriveId, redriveId, dueAt: now });
  });
  await addWork(tx, work);
  return opened.map(({ id }) => id);
}

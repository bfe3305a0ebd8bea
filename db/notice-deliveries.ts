import { type Selectable, type Transaction, sql } from 'kysely';
import type { DeliveryState, NoticeChannel, PlannedDelivery } from '../domain/notice.ts';
import type { Database } from './schema.ts';
import type { NoticeDeliveryTable } from './schema/notices.ts';

export interface NewDelivery {
  id: string;
  channel: NoticeChannel;
  /** `rep:<id>`, `subscription:<id>` or `endpoint:<id>`: one delivery of a notice goes to each. */
  recipient: string;
  /** Sealed for the agency and the location of the notice, for the purpose `notice-address`. */
  address: Buffer | null;
  /** Why it is not to go at all. */
  suppressedFor: string | null;
}

export interface Delivery {
  id: string;
  agencyId: string;
  locationId: string | null;
  noticeId: string;
  topic: string;
  channel: NoticeChannel;
  recipient: string;
  address: Buffer | null;
  state: DeliveryState;
  attempts: number;
  /** The delivery in whose message it goes. */
  gatheredInto: string | null;
}

/** However many there are, they are one parameter. */
const among = (ids: readonly string[]) => sql<string>`any(${[...ids]}::uuid[])`;

/** Adds the deliveries of a notice. */
export async function addDeliveries(
  tx: Transaction<Database>,
  notice: { id: string; agencyId: string; locationId: string | null; topic: string },
  deliveries: readonly NewDelivery[],
  now: Date,
): Promise<void> {
  if (deliveries.length === 0) return;
  await tx
    .insertInto('notice_deliveries')
    .values(
      deliveries.map(({ id, channel, recipient, address, suppressedFor }) => ({
        id,
        agency_id: notice.agencyId,
        location_id: notice.locationId,
        notice_id: notice.id,
        topic: notice.topic,
        channel,
        recipient,
        address,
        state: suppressedFor === null ? ('pending' as const) : ('suppressed' as const),
        reason: suppressedFor,
        created_at: now,
        ended_at: suppressedFor === null ? null : now,
      })),
    )
    .execute();
}

/** The deliveries of a notice that have not ended. */
export async function listOpenDeliveries(tx: Transaction<Database>, noticeId: string): Promise<PlannedDelivery[]> {
  return tx
    .selectFrom('notice_deliveries')
    .select(['id as deliveryId', 'channel'])
    .where('notice_id', '=', noticeId)
    .where('ended_at', 'is', null)
    .orderBy('id')
    .execute();
}

/** A delivery of the scope. */
export async function findDelivery(tx: Transaction<Database>, id: string): Promise<Delivery | undefined> {
  const row = await tx.selectFrom('notice_deliveries').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toDelivery(row);
}

/** A delivery of the scope, locked until the transaction ends. */
export async function lockDelivery(tx: Transaction<Database>, id: string): Promise<Delivery | undefined> {
  const row = await tx.selectFrom('notice_deliveries').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
  return row && toDelivery(row);
}

const toDelivery = (row: Selectable<NoticeDeliveryTable>): Delivery => ({
  id: row.id,
  agencyId: row.agency_id,
  locationId: row.location_id,
  noticeId: row.notice_id,
  topic: row.topic,
  channel: row.channel,
  recipient: row.recipient,
  address: row.address,
  state: row.state,
  attempts: row.attempts,
  gatheredInto: row.gathered_into,
});

/** What follows is about to be tried: commit this before anything leaves. @param ids deliveries that go together */
export async function beginDeliveries(tx: Transaction<Database>, ids: readonly string[], now: Date): Promise<void> {
  await tx
    .updateTable('notice_deliveries')
    .set({ state: 'sending', attempts: sql<number>`attempts + 1`, tried_at: now })
    .where('id', '=', among(ids))
    .where('state', '=', 'pending')
    .execute();
}

/** It is certain that nothing has gone: it may be tried again. @param reason a code @returns how many had not ended meanwhile */
export async function putDeliveriesBack(
  tx: Transaction<Database>,
  ids: readonly string[],
  reason: string,
): Promise<number> {
  const result = await tx
    .updateTable('notice_deliveries')
    .set({ state: 'pending', reason, gathered_into: null })
    .where('id', '=', among(ids))
    .where('state', '=', 'sending')
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}

/** How deliveries have ended. What has ended stays as it is. @param reason a code @returns how many ended now */
export async function endDeliveries(
  tx: Transaction<Database>,
  ids: readonly string[],
  end: { state: Exclude<DeliveryState, 'pending' | 'sending'>; reason: string | null; now: Date },
): Promise<number> {
  const result = await tx
    .updateTable('notice_deliveries')
    .set({ state: end.state, reason: end.reason, ended_at: end.now })
    .where('id', '=', among(ids))
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}

/**
 * A refused delivery is to be tried once more, and with it those that went along in its message.
 * @returns its notice; undefined when it was not refused
 */
export async function reopenDelivery(tx: Transaction<Database>, id: string): Promise<string | undefined> {
  const opened = await tx
    .updateTable('notice_deliveries')
    .set({ state: 'pending', reason: null, ended_at: null, gathered_into: null })
    .where((where) => where.or([where('id', '=', id), where('gathered_into', '=', id)]))
    .where('state', '=', 'refused')
    .returning(['id', 'notice_id'])
    .execute();
  return opened.find((each) => each.id === id)?.notice_id;
}

/** A delivery as an operator sees it: to whom by kind and id, never where. */
export interface ShownDelivery {
  id: string;
  noticeId: string;
  topic: string;
  leadId: string | null;
  channel: NoticeChannel;
  recipient: string;
  state: DeliveryState;
  reason: string | null;
  attempts: number;
  createdAt: Date;
  endedAt: Date | null;
}

/**
 * The latest deliveries of the scope, newest first; of one notice or lead when it is named.
 * @param filter `before`: the last id of the page before
 */
export async function listDeliveries(
  tx: Transaction<Database>,
  filter: {
    noticeId?: string | undefined;
    leadId?: string | undefined;
    state?: DeliveryState | undefined;
    before?: string | undefined;
    limit: number;
  },
): Promise<ShownDelivery[]> {
  let query = tx
    .selectFrom('notice_deliveries as d')
    .innerJoin('notices as n', 'n.id', 'd.notice_id')
    .select(['d.id', 'd.topic', 'd.channel', 'd.recipient', 'd.state', 'd.reason', 'd.attempts'])
    .select(['d.notice_id as noticeId', 'n.lead_id as leadId', 'd.created_at as createdAt', 'd.ended_at as endedAt']);
  if (filter.noticeId !== undefined) query = query.where('d.notice_id', '=', filter.noticeId);
  if (filter.leadId !== undefined) query = query.where('n.lead_id', '=', filter.leadId);
  if (filter.state !== undefined) query = query.where('d.state', '=', filter.state);
  if (filter.before !== undefined) query = query.where('d.id', '<', filter.before);
  return query.orderBy('d.id', 'desc').limit(filter.limit).execute();
}

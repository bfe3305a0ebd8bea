import { type Selectable, sql, type Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { NewNotice, Notice, NoticeTopic } from '../domain/notice.ts';
import { notificationWorkflowId } from '../domain/workflow-ids.ts';
import { addWork, type NewWork } from './event-capabilities.ts';
import type { Database } from './schema.ts';
import type { NoticeTable } from './schema/notices.ts';

/**
 * Writes down that something has happened, in the transaction in which it does, where anybody in the agency hears of such
 * things: one statement when nobody does. The same occurrence is written once, however often it is told. Needs the scope
 * of the agency, or one of the roles intake, relay and upkeep.
 * @returns whether it was written now
 */
export async function recordNotice<Topic extends NoticeTopic>(
  tx: Transaction<Database>,
  notice: NewNotice<Topic>,
): Promise<boolean> {
  const { agencyId, locationId, repId, leadId, topic, occurrenceKey, occurredAt, data } = notice;
  const id = uuidv7();
  const made = await sql<{ id: string }>`
    insert into notices (id, agency_id, location_id, rep_id, lead_id, topic, occurrence_key, occurred_at, data)
    select ${id}::uuid, ${agencyId}::uuid, ${locationId}::uuid, ${repId}::uuid, ${leadId}::uuid, ${topic},
      ${occurrenceKey}, ${occurredAt}::timestamptz, ${JSON.stringify(data)}::jsonb
    where ${topic === 'notice.test'} or exists (select from heard_topics where agency_id = ${agencyId} and topic = ${topic})
    on conflict do nothing
    returning id
  `.execute(tx);
  if (made.rows.length === 0) return false;
  await addWork(tx, [notificationWork({ agencyId, locationId, noticeId: id, causeId: id, dueAt: occurredAt })]);
  return true;
}

/** Whether anybody in an agency hears of a topic: for who would have to look something up for a notice. */
export async function isTopicHeard(tx: Transaction<Database>, agencyId: string, topic: NoticeTopic): Promise<boolean> {
  const found = await tx
    .selectFrom('heard_topics')
    .select('topic')
    .where('agency_id', '=', agencyId)
    .where('topic', '=', topic)
    .executeTakeFirst();
  return found !== undefined;
}

/**
 * Writes down what concerns GHL or this installation as a whole, for each agency that hears of it: to each it is a notice
 * of its own, and none learns of another. Needs one of the roles intake, relay and upkeep.
 */
export async function recordNoticeForAll<Topic extends NoticeTopic>(
  tx: Transaction<Database>,
  notice: Omit<NewNotice<Topic>, 'agencyId' | 'locationId' | 'repId' | 'leadId'>,
): Promise<void> {
  const listening = await tx
    .selectFrom('heard_topics')
    .select('agency_id')
    .where('topic', '=', notice.topic)
    .orderBy('agency_id')
    .execute();
  for (const { agency_id: agencyId } of listening)
    await recordNotice(tx, { ...notice, agencyId, locationId: null, repId: null, leadId: null });
}

/**
 * What has the relay start a notice's workflow.
 * @param of `redriveId`: the dead letter from which it is set going again, in a workflow of its own
 */
export function notificationWork(of: {
  agencyId: string;
  locationId: string | null;
  noticeId: string;
  causeId: string;
  redriveId?: string;
  dueAt: Date;
}): NewWork {
  const { agencyId, locationId, noticeId, causeId, redriveId, dueAt } = of;
  return {
    causeId,
    agencyId,
    locationId,
    capability: 'notification',
    orderingKey: `notice:${noticeId}`,
    workflowId: notificationWorkflowId(agencyId, noticeId, redriveId),
    input: { agencyId, noticeId, ...(redriveId !== undefined && { redriveId }) },
    // After leads.
    priority: 1,
    dueAt,
  };
}

/** A notice, locked until the transaction ends, and whether its deliveries have been made. */
export async function lockNotice(
  tx: Transaction<Database>,
  id: string,
): Promise<{ notice: Notice; isPlanned: boolean } | undefined> {
  const row = await tx.selectFrom('notices').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
  return row && { notice: toNotice(row), isPlanned: row.planned_at !== null };
}

/** The notice of an occurrence, of the scope. @throws NoResultError */
export async function getNoticeId(
  tx: Transaction<Database>,
  of: { topic: NoticeTopic; occurrenceKey: string },
): Promise<string> {
  const { id } = await tx
    .selectFrom('notices')
    .select('id')
    .where('topic', '=', of.topic)
    .where('occurrence_key', '=', of.occurrenceKey)
    .executeTakeFirstOrThrow();
  return id;
}

/** A notice of the scope. */
export async function findNotice(tx: Transaction<Database>, id: string): Promise<Notice | undefined> {
  const row = await tx.selectFrom('notices').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toNotice(row);
}

/** Its deliveries have been made: no others will be. */
export async function markNoticePlanned(tx: Transaction<Database>, id: string, now: Date): Promise<void> {
  await tx.updateTable('notices').set({ planned_at: now }).where('id', '=', id).execute();
}

type NoticeRow = Omit<Selectable<NoticeTable>, 'planned_at'>;

/** A row as a notice: topics and their data are as `recordNotice` wrote them. */
export const toNotice = (row: NoticeRow): Notice => ({
  id: row.id,
  agencyId: row.agency_id,
  locationId: row.location_id,
  repId: row.rep_id,
  leadId: row.lead_id,
  topic: row.topic as NoticeTopic,
  occurrenceKey: row.occurrence_key,
  occurredAt: row.occurred_at,
  data: row.data as unknown as Notice['data'],
});

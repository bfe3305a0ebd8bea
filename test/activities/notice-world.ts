import { v7 as uuidv7 } from 'uuid';
import { expect } from 'vitest';
import { subscribe, type WantedSubscription } from '../../db/notice-subscriptions.ts';
import { recordNotice } from '../../db/notices.ts';
import { withScope } from '../../db/scope.ts';
import type { NewNotice } from '../../domain/notice.ts';
import { run } from '../stack/activity-bench.ts';
import { startMailServer } from '../stack/mail-server.ts';
import { startNeighbours } from './neighbours.ts';

export const DESK = 'desk@front-office.example';
export const GATHER_MS = 600_000;

export type NoticeWorld = Awaited<ReturnType<typeof startNoticeWorld>>;

/** Two agencies, the steps of notices, and a mail server. */
export async function startNoticeWorld() {
  const mail = await startMailServer();
  const all = await startNeighbours({ mail: { settings: mail.settings, gatherMs: GATHER_MS } });
  const { bench, agency } = all;
  const { agencyId } = agency;
  const { db, ownerDb } = bench.database;

  const world = {
    ...all,
    mail,
    agencyId,
    ownerDb,
    inAgency: <T>(work: Parameters<typeof withScope<T>>[2], id = agencyId): Promise<T> =>
      withScope(db, { agencyId: id }, work),

    hear: (wanted: Partial<WantedSubscription> = {}, id = agencyId) =>
      world.inAgency(
        (tx) =>
          subscribe(tx, bench.keys, {
            agencyId: id,
            locationId: null,
            repId: null,
            topics: ['lead.assigned', 'dead-letter.left'],
            channel: 'email',
            recipient: 'address',
            address: DESK,
            endpointId: null,
            madeBy: 'test',
            ...wanted,
          }),
        id,
      ),

    assigned: (more: Partial<NewNotice<'lead.assigned'>> = {}): NewNotice<'lead.assigned'> => ({
      agencyId,
      locationId: agency.location('back-bay'),
      repId: agency.rep('ann'),
      leadId: uuidv7(),
      topic: 'lead.assigned',
      occurrenceKey: uuidv7(),
      occurredAt: new Date(),
      data: { assignmentId: uuidv7(), ghlContactId: 'contact-1' },
      ...more,
    }),

    /** Writes a notice and plans it. @returns its deliveries that are open */
    async planned(notice: NewNotice = world.assigned()) {
      await world.inAgency((tx) => recordNotice(tx, notice), notice.agencyId);
      const found = await ownerDb
        .selectFrom('notices')
        .select('id')
        .where('occurrence_key', '=', notice.occurrenceKey)
        .executeTakeFirst();
      if (!found) return { noticeId: undefined, deliveries: [] };
      const deliveries = await run(bench.notices.planNotice, { agencyId: notice.agencyId, noticeId: found.id });
      return { noticeId: found.id, deliveries };
    },

    /** A planned delivery of a lead's assignment to the desk. */
    async onePlanned(): Promise<string> {
      await world.hear();
      const { deliveries } = await world.planned();
      expect(deliveries).toHaveLength(1);
      return deliveries[0]!.deliveryId;
    },

    send: (deliveryId: string, attempt = {}) => run(bench.emails.sendNoticeEmail, { agencyId, deliveryId }, attempt),

    standing: () =>
      ownerDb
        .selectFrom('notice_deliveries')
        .select(['id', 'recipient', 'state', 'reason', 'attempts'])
        .orderBy('id')
        .execute(),

    /** Nobody hears of anything, and nothing has happened. */
    async clear(): Promise<void> {
      const tables = ['notice_deliveries', 'notices', 'notice_subscriptions', 'heard_topics', 'dead_letters'] as const;
      for (const table of tables) await ownerDb.deleteFrom(table).execute();
      await ownerDb.updateTable('reps').set({ notices_muted_at: null }).execute();
      mail.mails.length = 0;
      mail.will();
      bench.clock.at = undefined;
    },

    async stop(): Promise<void> {
      await bench.stop();
      await mail.stop();
    },
  };
  return world;
}

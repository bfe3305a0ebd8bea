import { type Transaction, sql } from 'kysely';
import type { MailedNotice } from '../domain/notice-mail.ts';
import { toNotice } from './notices.ts';
import type { Database } from './schema.ts';

/** The notices of some deliveries, oldest first, with what their mail names besides. */
export async function listMailedNotices(
  tx: Transaction<Database>,
  deliveryIds: readonly string[],
  limit: number,
): Promise<MailedNotice[]> {
  const rows = await tx
    .selectFrom('notice_deliveries')
    .innerJoin('notices', 'notices.id', 'notice_deliveries.notice_id')
    .leftJoin('locations', 'locations.id', 'notices.location_id')
    .selectAll('notices')
    .select(['locations.name', 'locations.ghl_location_id'])
    .where('notice_deliveries.id', '=', sql<string>`any(${[...deliveryIds]}::uuid[])`)
    .orderBy('notices.occurred_at')
    .orderBy('notices.id')
    .limit(limit)
    .execute();
  return rows.map(({ name, ghl_location_id: ghlLocationId, ...row }) => ({
    notice: toNotice(row),
    location: name === null ? null : { name, ghlLocationId },
  }));
}

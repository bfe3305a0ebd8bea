import { type Transaction, sql } from 'kysely';
import type { NoticeChannel } from '../domain/notice.ts';
import type { Database } from './schema.ts';

/** How long the oldest delivery of each channel has waited, in milliseconds. Needs the upkeep role. */
export async function measureWaitingNotices(
  tx: Transaction<Database>,
): Promise<Partial<Record<NoticeChannel, number>>> {
  const found = await sql<{ channel: NoticeChannel; oldest_ms: number }>`
    select channel, greatest(0, extract(epoch from now() - min(created_at)) * 1000)::float8 as oldest_ms
    from notice_deliveries where ended_at is null group by channel
  `.execute(tx);
  return Object.fromEntries(found.rows.map(({ channel, oldest_ms }) => [channel, oldest_ms]));
}

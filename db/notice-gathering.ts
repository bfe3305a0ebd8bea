import { type Transaction, sql } from 'kysely';
import type { Delivery } from './notice-deliveries.ts';
import type { Database } from './schema.ts';

type Flow = Pick<Delivery, 'agencyId' | 'channel' | 'recipient' | 'topic'>;

/** One at a time decides about what goes to a recipient on a topic, until the transaction ends. */
export async function lockFlow(
  tx: Transaction<Database>,
  { agencyId, channel, recipient, topic }: Flow,
): Promise<void> {
  const name = ['notices', agencyId, channel, recipient, topic].join(' ');
  await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(tx);
}

/** When something was last sent to a recipient on a topic, or may have been; undefined when nothing was. */
export async function findLastTry(
  tx: Transaction<Database>,
  { agencyId, channel, recipient, topic }: Flow,
): Promise<Date | undefined> {
  const found = await tx
    .selectFrom('notice_deliveries')
    .select('tried_at')
    .where('agency_id', '=', agencyId)
    .where('recipient', '=', recipient)
    .where('topic', '=', topic)
    .where('channel', '=', channel)
    .where('state', 'in', ['sending', 'sent', 'unknown'])
    .where('tried_at', 'is not', null)
    .orderBy('tried_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return found?.tried_at ?? undefined;
}

/**
 * Lets all that waits for the same recipient on the same topic go along with a delivery. Needs `lockFlow`.
 * @returns the deliveries that go together, the given one first
 */
export async function gatherDeliveries(tx: Transaction<Database>, into: Flow & { id: string }): Promise<string[]> {
  const { id, agencyId, channel, recipient, topic } = into;
  const gathered = await tx
    .updateTable('notice_deliveries')
    .set({ gathered_into: id })
    .where('agency_id', '=', agencyId)
    .where('recipient', '=', recipient)
    .where('topic', '=', topic)
    .where('channel', '=', channel)
    .where('state', '=', 'pending')
    .where('id', '<>', id)
    .returning('id')
    .execute();
  return [id, ...gathered.map((each) => each.id).sort()];
}

/** The deliveries that go in the message of one, itself first. */
export async function listGathered(tx: Transaction<Database>, id: string): Promise<string[]> {
  const found = await tx
    .selectFrom('notice_deliveries')
    .select('id')
    .where('gathered_into', '=', id)
    .where('state', '=', 'sending')
    .orderBy('id')
    .execute();
  return [id, ...found.map((each) => each.id)];
}

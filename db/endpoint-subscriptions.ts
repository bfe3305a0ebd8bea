import { sql, type Transaction } from 'kysely';
import type { Database } from './schema.ts';

/** Has an endpoint hear of notices. @param of.locationId with all below it; null for all of the agency */
export async function addEndpointSubscription(
  tx: Transaction<Database>,
  of: {
    id: string;
    agencyId: string;
    endpointId: string;
    locationId: string | null;
    topics: readonly string[];
    madeBy: string;
  },
): Promise<void> {
  const { id, agencyId, endpointId, locationId, topics, madeBy } = of;
  await tx
    .insertInto('notice_subscriptions')
    .values({
      id,
      agency_id: agencyId,
      location_id: locationId,
      topics: [...topics],
      channel: 'webhook',
      recipient: 'endpoint',
      endpoint_id: endpointId,
      made_by: madeBy,
    })
    .execute();
  await tx
    .insertInto('heard_topics')
    .values(topics.map((topic) => ({ agency_id: agencyId, topic })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Removes all by which an endpoint hears, and what nobody in the agency hears of any more. */
export async function removeEndpointSubscriptions(tx: Transaction<Database>, endpointId: string): Promise<void> {
  await tx.deleteFrom('notice_subscriptions').where('endpoint_id', '=', endpointId).execute();
  await sql`
    delete from heard_topics
    where not exists (select from notice_subscriptions s where s.agency_id = heard_topics.agency_id and heard_topics.topic = any (s.topics))
  `.execute(tx);
}

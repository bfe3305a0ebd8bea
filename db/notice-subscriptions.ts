import { type Transaction, sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { KeyProvider } from '../crypto/key-ring.ts';
import { seal, type SealedFor, unseal } from '../crypto/seal.ts';
import { type Notice, SUBSCRIPTIONS_PER_PLACE } from '../domain/notice.ts';
import type { HeardSubscription, NoticeSurroundings } from '../domain/notice-recipients.ts';
import type { Database } from './schema.ts';

/** Whom an address of a subscription or a delivery is sealed for: the agency and the location of its row. */
const sealedFor = (row: { agencyId: string; locationId: string | null }): SealedFor => ({
  agencyId: row.agencyId,
  locationId: row.locationId,
  purpose: 'notice-address',
});

/** Seals an address for the row that is to hold it. */
export const sealAddress = (
  keys: KeyProvider,
  address: string,
  row: { agencyId: string; locationId: string | null },
): Buffer => seal(keys, Buffer.from(address), sealedFor(row));

/** The address of a row in plain. @throws UnsealError, UnknownKeyVersionError */
export const openAddress = (
  keys: KeyProvider,
  sealed: Buffer,
  row: { agencyId: string; locationId: string | null },
): string => unseal(keys, sealed, sealedFor(row)).toString();

/** The subscriptions of the scope, in the order in which they were made; addresses in plain. */
export async function listSubscriptions(tx: Transaction<Database>, keys: KeyProvider): Promise<HeardSubscription[]> {
  const rows = await tx.selectFrom('notice_subscriptions').selectAll().orderBy('id').execute();
  return rows.map((row) => ({
    id: row.id,
    locationId: row.location_id,
    repId: row.rep_id,
    topics: row.topics,
    channel: row.channel,
    recipient: row.recipient,
    address: row.address && openAddress(keys, row.address, { agencyId: row.agency_id, locationId: row.location_id }),
    endpointId: row.endpoint_id,
    isMuted: row.muted_at !== null,
  }));
}

/** What decides about who hears of a notice, beside the subscriptions. Needs the scope of its agency. */
export async function readSurroundings(
  tx: Transaction<Database>,
  { locationId, repId }: Pick<Notice, 'locationId' | 'repId'>,
): Promise<NoticeSurroundings> {
  const above = await sql<{ id: string }>`
    with recursive above (id, parent_id) as (
      select id, parent_id from locations where id = ${locationId}
      union
      select l.id, l.parent_id from locations l join above on l.id = above.parent_id
    )
    select id from above
  `.execute(tx);
  const rep =
    repId === null
      ? undefined
      : await tx
          .selectFrom('reps')
          .select(['id', 'email', 'notices_muted_at'])
          .where('id', '=', repId)
          .executeTakeFirst();
  return {
    locationIds: above.rows.map(({ id }) => id),
    rep: rep ? { id: rep.id, email: rep.email, isMuted: rep.notices_muted_at !== null } : null,
  };
}

/** As many hear of the place as may. */
export class TooManySubscriptionsError extends Error {
  readonly code = 'too-many-subscriptions';
  constructor() {
    super(`${SUBSCRIPTIONS_PER_PLACE} hear of this place, and no more can: take a subscription away that is not used.`);
    this.name = 'TooManySubscriptionsError';
  }
}

/** What is wanted of a subscription. */
export interface WantedSubscription extends Omit<HeardSubscription, 'id' | 'isMuted'> {
  agencyId: string;
  /** The actor of the audit log. */
  madeBy: string;
}

/**
 * Lets somebody hear of topics. Asked for once more for the same place and recipient it is the same subscription, with the
 * topics of both. Needs the scope of the agency, or of the subscription's location. Endpoints are counted where they are made.
 * @throws TooManySubscriptionsError
 */
export async function subscribe(
  tx: Transaction<Database>,
  keys: KeyProvider,
  wanted: WantedSubscription,
): Promise<{ subscription: HeardSubscription; isNew: boolean }> {
  const { agencyId, locationId, repId, channel, recipient, address, endpointId, madeBy } = wanted;
  await lockSubscriptions(tx, agencyId);
  const ofPlace = (await listSubscriptions(tx, keys)).filter(
    (each) => each.locationId === locationId && each.repId === repId,
  );
  const known = ofPlace.find(
    (each) => each.recipient === recipient && each.address === address && each.endpointId === endpointId,
  );
  const byMail = ofPlace.filter((each) => each.endpointId === null).length;
  if (!known && endpointId === null && byMail >= SUBSCRIPTIONS_PER_PLACE) throw new TooManySubscriptionsError();
  const topics = [...new Set([...(known?.topics ?? []), ...wanted.topics])].sort();
  const subscription = {
    id: known?.id ?? uuidv7(),
    locationId,
    repId,
    topics,
    channel,
    recipient,
    address,
    endpointId,
    isMuted: known?.isMuted ?? false,
  };
  if (known) await tx.updateTable('notice_subscriptions').set({ topics }).where('id', '=', known.id).execute();
  else
    await tx
      .insertInto('notice_subscriptions')
      .values({
        id: subscription.id,
        agency_id: agencyId,
        location_id: locationId,
        rep_id: repId,
        topics,
        channel,
        recipient,
        address: address === null ? null : sealAddress(keys, address, { agencyId, locationId }),
        endpoint_id: endpointId,
        made_by: madeBy,
      })
      .execute();
  await noteHeard(tx, agencyId, topics);
  return { subscription, isNew: !known };
}

/**
 * Lets a subscription hear of these topics and of no others. Needs the scope of the agency.
 * @param topics at least one
 */
export async function replaceTopics(
  tx: Transaction<Database>,
  of: { agencyId: string; subscriptionId: string },
  topics: readonly string[],
): Promise<void> {
  await lockSubscriptions(tx, of.agencyId);
  await tx
    .updateTable('notice_subscriptions')
    .set({ topics: [...topics].sort() })
    .where('id', '=', of.subscriptionId)
    .execute();
  await noteHeard(tx, of.agencyId, topics);
  await forgetUnheard(tx);
}

/**
 * Has nothing go to a subscription, or things go to it again: what happens meanwhile it never hears of. Asked again it
 * changes nothing.
 * @param mutedAt null: things go to it again
 * @returns false when the scope holds none such
 */
export async function muteSubscription(tx: Transaction<Database>, id: string, mutedAt: Date | null): Promise<boolean> {
  const found = await tx
    .updateTable('notice_subscriptions')
    .set({ muted_at: mutedAt })
    .where('id', '=', id)
    .executeTakeFirst();
  return found.numUpdatedRows === 1n;
}

/**
 * Takes a subscription away; what is on its way to it is not sent any more. @returns false when the scope holds none such
 * @param scope who asks: that nobody hears of a topic any more is seen by the agency's alone
 */
export async function unsubscribe(
  tx: Transaction<Database>,
  scope: { agencyId: string; locationId?: string },
  id: string,
): Promise<boolean> {
  await lockSubscriptions(tx, scope.agencyId);
  const removed = await tx.deleteFrom('notice_subscriptions').where('id', '=', id).executeTakeFirst();
  if (removed.numDeletedRows === 0n) return false;
  if (scope.locationId === undefined) await forgetUnheard(tx);
  return true;
}

async function noteHeard(tx: Transaction<Database>, agencyId: string, topics: readonly string[]): Promise<void> {
  await tx
    .insertInto('heard_topics')
    .values(topics.map((topic) => ({ agency_id: agencyId, topic })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Needs the scope of the agency: a location's sees too few subscriptions to know. */
async function forgetUnheard(tx: Transaction<Database>): Promise<void> {
  await sql`delete from heard_topics h where not exists (
    select from notice_subscriptions s where s.agency_id = h.agency_id and h.topic = any(s.topics))`.execute(tx);
}

/** What an agency hears of is changed by one at a time: nobody takes a topic away that another has just asked for. */
async function lockSubscriptions(tx: Transaction<Database>, agencyId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`notice-subscriptions ${agencyId}`}, 0))`.execute(tx);
}

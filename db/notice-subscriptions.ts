import { type Transaction, sql } from 'kysely';
import type { KeyProvider } from '../crypto/key-ring.ts';
import { seal, type SealedFor, unseal } from '../crypto/seal.ts';
import type { Notice } from '../domain/notice.ts';
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

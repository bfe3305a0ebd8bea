import { type Transaction, sql } from 'kysely';
import type { Database } from './schema.ts';

/** What is kept of a refused delivery beside its body. */
export interface RefusedRequest {
  reason: string;
  signature: string | null;
  /** Where it was posted. */
  path: string | null;
  /** Of its headers, never their values. */
  headerNames: string[] | null;
  /** SHA-256 of the body as it came, in hex. */
  digest: string | null;
  bodyBytes: number | null;
}

/** What bodies of refused deliveries are sealed for: nobody, for nobody knows whose they are. */
export const REFUSED_BODY = { agencyId: null, locationId: null, purpose: 'refused-delivery' } as const;

/** How many refused deliveries are kept to look at; all are counted. */
const KEPT = 20;

/**
 * Counts a delivery whose signature was refused and keeps it among the last few, for the day GHL rotates its key.
 * Needs the intake role.
 * @returns how many were refused in the last hour, this one included
 */
export async function recordRefusedDelivery(
  tx: Transaction<Database>,
  delivery: RefusedRequest & { id: string; body: Buffer | null },
): Promise<number> {
  const { headerNames, bodyBytes, ...rest } = delivery;
  const row = { ...rest, header_names: headerNames, body_bytes: bodyBytes };
  await tx.insertInto('refused_deliveries').values(row).execute();
  await sql`
    delete from refused_deliveries where id in (
      select id from refused_deliveries order by received_at desc offset ${KEPT})
  `.execute(tx);
  await tx
    .insertInto('refused_delivery_counts')
    .values({ hour: sql<Date>`date_trunc('hour', now())`, reason: delivery.reason, count: 1 })
    .onConflict((conflict) =>
      conflict.columns(['hour', 'reason']).doUpdateSet({ count: sql<number>`refused_delivery_counts.count + 1` }),
    )
    .execute();
  const counted = await sql<{ count: string }>`
    select coalesce(sum(count), 0) as count from refused_delivery_counts where hour = date_trunc('hour', now())
  `.execute(tx);
  return Number(counted.rows[0]?.count ?? 0);
}

/** A refused delivery as those who run the platform see it, unopened. */
export interface KeptDelivery extends RefusedRequest {
  id: string;
  receivedAt: Date;
  /** Whether its body is kept. */
  hasBody: boolean;
  takenAt: Date | null;
}

/** The refused deliveries that are kept, the latest first. Needs the operators role, as what follows. */
export async function listRefusedDeliveries(tx: Transaction<Database>): Promise<KeptDelivery[]> {
  return tx
    .selectFrom('refused_deliveries')
    .select((of) => [
      'id',
      'received_at as receivedAt',
      'reason',
      'signature',
      'path',
      'header_names as headerNames',
      'digest',
      'body_bytes as bodyBytes',
      of('body', 'is not', null).$castTo<boolean>().as('hasBody'),
      'taken_at as takenAt',
    ])
    .orderBy('received_at', 'desc')
    .orderBy('id', 'desc')
    .execute();
}

/** What is sealed of refused deliveries, the oldest first; of one alone where it is named. Note the opening before it is done. */
export async function listRefusedBodies(
  tx: Transaction<Database>,
  of: { id?: string; isUntaken?: boolean },
): Promise<{ id: string; signature: string | null; body: Buffer }[]> {
  let query = tx
    .selectFrom('refused_deliveries')
    .select(['id', 'signature', 'body'])
    .where('body', 'is not', null)
    .$narrowType<{ body: Buffer }>();
  if (of.id !== undefined) query = query.where('id', '=', of.id);
  if (of.isUntaken === true) query = query.where('taken_at', 'is', null);
  return query.orderBy('received_at').orderBy('id').execute();
}

/** Remembers that a refused delivery was taken in after all. */
export async function markRefusedTaken(tx: Transaction<Database>, id: string, now: Date): Promise<void> {
  await tx.updateTable('refused_deliveries').set({ taken_at: now }).where('id', '=', id).execute();
}

import { type Transaction, sql } from 'kysely';
import type { Database } from './schema.ts';

/** How many refused deliveries are kept to look at; all are counted. */
const KEPT = 20;

/**
 * Counts a delivery whose signature was refused and keeps it among the last few, for the day GHL rotates its key.
 * Needs the intake role.
 * @returns how many were refused in the last hour, this one included
 */
export async function recordRefusedDelivery(
  tx: Transaction<Database>,
  delivery: { id: string; reason: string; signature: string | null; body: Buffer | null },
): Promise<number> {
  await tx.insertInto('refused_deliveries').values(delivery).execute();
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

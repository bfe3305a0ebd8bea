import { type Transaction, sql } from 'kysely';
import type { Database } from './schema.ts';

/** Counts refused deliveries of which nothing is kept, in this hour by the database's clock. Needs the intake role. */
export async function countRefusedDeliveries(tx: Transaction<Database>, reason: string, count: number): Promise<void> {
  await tx
    .insertInto('refused_delivery_counts')
    .values({ hour: sql<Date>`date_trunc('hour', now())`, reason, count })
    .onConflict((conflict) =>
      conflict
        .columns(['hour', 'reason'])
        .doUpdateSet({ count: sql<number>`refused_delivery_counts.count + excluded.count` }),
    )
    .execute();
}

import { type Transaction, sql } from 'kysely';
import type { Database } from './schema.ts';

/** How many installs of all agencies are in each state. Needs the upkeep role. */
export async function countInstalls(
  tx: Transaction<Database>,
): Promise<Record<'active' | 'needs_reauth' | 'uninstalled', number>> {
  const found = await tx
    .selectFrom('installs')
    .select(['status', sql<number>`count(*)::int`.as('installs')])
    .groupBy('status')
    .execute();
  const counts = Object.fromEntries(found.map((row) => [row.status, row.installs]));
  return { active: 0, needs_reauth: 0, uninstalled: 0, ...counts };
}

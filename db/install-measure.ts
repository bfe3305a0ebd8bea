import { type Transaction, sql } from 'kysely';
import type { Database } from './schema.ts';

/** The states of an install. */
export const INSTALL_STATUSES = ['active', 'needs_reauth', 'uninstalled'] as const;

/** How many installs of all agencies are in each state. Needs the upkeep role. */
export async function countInstalls(
  tx: Transaction<Database>,
): Promise<Record<(typeof INSTALL_STATUSES)[number], number>> {
  const found = await tx
    .selectFrom('installs')
    .select(['status', sql<number>`count(*)::int`.as('installs')])
    .groupBy('status')
    .execute();
  const counts = Object.fromEntries(found.map((row) => [row.status, row.installs]));
  return { active: 0, needs_reauth: 0, uninstalled: 0, ...counts };
}

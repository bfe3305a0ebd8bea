import { sql } from 'kysely';
import type { TestDatabase } from './database.ts';
import { waitFor } from './wait.ts';

/** Resolves when a transaction in this database waits for another one. */
export async function waitForLock({ ownerDb }: Pick<TestDatabase, 'ownerDb'>): Promise<void> {
  await waitFor('a transaction that waits for a lock', async () => {
    const waiting = await sql`
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
    `.execute(ownerDb);
    return waiting.rows.length > 0;
  });
}

import type { Kysely } from 'kysely';
import { findAppliedMigration, LATEST_MIGRATION } from './migrate.ts';
import type { Database } from './schema.ts';

/** How the database's migrations stand to this code's. */
export type DatabaseState = 'current' | 'newer-migration' | 'older-migration' | 'away';

/**
 * Whether Postgres answers, and has had this code's migrations. Newer ones are no reason to stop: migrations go before the
 * processes, and each leaves what the code before it works with (docs/deploy.md).
 */
export async function checkDatabase(db: Kysely<Database>): Promise<DatabaseState> {
  try {
    const applied = (await findAppliedMigration(db)) ?? '';
    if (applied === LATEST_MIGRATION) return 'current';
    return applied > LATEST_MIGRATION ? 'newer-migration' : 'older-migration';
  } catch {
    return 'away';
  }
}

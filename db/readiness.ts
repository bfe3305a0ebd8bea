import type { Kysely } from 'kysely';
import { findAppliedMigration, LATEST_MIGRATION } from './migrate.ts';
import type { Database } from './schema.ts';

export type DatabaseState = 'current' | 'other-migration' | 'away';

/** Whether Postgres answers and has had this code's migrations; older and newer ones alike are `other-migration`. */
export async function checkDatabase(db: Kysely<Database>): Promise<DatabaseState> {
  try {
    return (await findAppliedMigration(db)) === LATEST_MIGRATION ? 'current' : 'other-migration';
  } catch {
    return 'away';
  }
}

import { type Transaction, sql } from 'kysely';
import type { KeyVersion } from '../domain/key-versions.ts';
import type { Database } from './schema.ts';

/** Which versions have sealed, ascending. For the roles upkeep and operators. */
export async function listKeyVersions(tx: Transaction<Database>): Promise<KeyVersion[]> {
  return tx
    .selectFrom('encryption_key_versions')
    .select([
      'version',
      'first_sealed_at as firstSealedAt',
      'last_sealed_at as lastSealedAt',
      'retired_at as retiredAt',
    ])
    .orderBy('version')
    .execute();
}

/** Notes that somebody seals with this version now, by the database's clock. Needs the upkeep role. */
export async function reportSealing(tx: Transaction<Database>, version: number): Promise<void> {
  await tx
    .insertInto('encryption_key_versions')
    .values({ version })
    .onConflict((conflict) => conflict.column('version').doUpdateSet({ last_sealed_at: sql<Date>`now()` }))
    .execute();
}

/** Notes that nothing needs the version any more. One that never sealed leaves no note. Needs the operators role. */
export async function markKeyRetired(tx: Transaction<Database>, version: number, now: Date): Promise<void> {
  await tx.updateTable('encryption_key_versions').set({ retired_at: now }).where('version', '=', version).execute();
}

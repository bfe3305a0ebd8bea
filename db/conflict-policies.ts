import type { Transaction } from 'kysely';
import type { ConflictPolicy, StoredPolicy } from '../domain/contact-conflict.ts';
import type { Database } from './schema.ts';

/** What a location has said about conflicts, by field. */
export async function listConflictPolicies(tx: Transaction<Database>, locationId: string): Promise<StoredPolicy[]> {
  return tx
    .selectFrom('conflict_policies')
    .select(['field', 'policy'])
    .where('location_id', '=', locationId)
    .orderBy('field')
    .execute();
}

/** Sets the policy of a field; null takes it back. */
export async function setConflictPolicy(
  tx: Transaction<Database>,
  of: { agencyId: string; locationId: string; field: string },
  policy: ConflictPolicy | null,
): Promise<void> {
  if (policy === null) {
    await tx
      .deleteFrom('conflict_policies')
      .where('location_id', '=', of.locationId)
      .where('field', '=', of.field)
      .execute();
    return;
  }
  await tx
    .insertInto('conflict_policies')
    .values({ agency_id: of.agencyId, location_id: of.locationId, field: of.field, policy })
    .onConflict((conflict) => conflict.columns(['location_id', 'field']).doUpdateSet({ policy }))
    .execute();
}

import type { Transaction } from 'kysely';
import type { Database } from './schema.ts';

/** Adds an agency: the tenant. The scope must already be the new id. */
export async function createAgency(
  tx: Transaction<Database>,
  agency: { id: string; name: string; ghlCompanyId: string | null },
): Promise<void> {
  await tx
    .insertInto('agencies')
    .values({ id: agency.id, name: agency.name, ghl_company_id: agency.ghlCompanyId })
    .execute();
}

/** The agency of the scope. */
export async function findAgency(tx: Transaction<Database>) {
  return tx.selectFrom('agencies').selectAll().executeTakeFirst();
}

import { type Transaction, sql } from 'kysely';
import type { Database } from './schema.ts';

const UNIQUE_VIOLATION = '23505';

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

export interface ListedAgency {
  id: string;
  /** What people call the business; no person's. */
  name: string;
  ghlCompanyId: string | null;
  createdAt: Date;
  /** Accounts that may be called. */
  connected: number;
  /** Accounts that must be connected again, or were uninstalled. */
  disconnected: number;
}

/** All agencies, the oldest first. Needs the operators role. */
export async function listAgencies(tx: Transaction<Database>): Promise<ListedAgency[]> {
  const installs = (isActive: boolean) => sql<number>`
    (select count(*)::int from installs where installs.agency_id = agencies.id and (installs.status = 'active') = ${isActive})`;
  return tx
    .selectFrom('agencies')
    .select(['id', 'name', 'ghl_company_id as ghlCompanyId', 'created_at as createdAt'])
    .select([installs(true).as('connected'), installs(false).as('disconnected')])
    .orderBy('created_at')
    .orderBy('id')
    .execute();
}

/**
 * Notes which GHL company an agency is, the first time it is connected.
 * @returns false when another agency is that company; the transaction goes on
 */
export async function claimGhlCompany(
  tx: Transaction<Database>,
  agencyId: string,
  ghlCompanyId: string,
): Promise<boolean> {
  await sql`savepoint claim`.execute(tx);
  try {
    await tx
      .updateTable('agencies')
      .set({ ghl_company_id: ghlCompanyId })
      .where('id', '=', agencyId)
      .where('ghl_company_id', 'is', null)
      .execute();
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === UNIQUE_VIOLATION)) throw error;
    await sql`rollback to savepoint claim`.execute(tx);
    return false;
  }
}

import { type Transaction, sql } from 'kysely';
import type { OwnedBudget } from '../domain/budget-left.ts';
import type { BudgetState } from '../domain/ghl-budget.ts';
import type { Database } from './schema.ts';

/** So many are read at most: enough for a median, and a page of metrics stays cheap whatever is going on. */
const MEASURED = 1_000;

/** The budgets of all agencies that were asked for a call in the last minute, the latest first. Needs the upkeep role. */
export async function listActiveBudgets(tx: Transaction<Database>): Promise<{ budgets: OwnedBudget[]; now: Date }> {
  const { rows } = await sql<{
    agencyId: string;
    locationId: string | null;
    resource: string;
    state: BudgetState;
    now: Date;
  }>`
    select b.agency_id as "agencyId", l.id as "locationId", b.resource, b.state, clock_timestamp() as now
    from ghl_budgets b
    left join locations l on l.agency_id = b.agency_id and b.resource = 'location/' || l.ghl_location_id
    where b.updated_at > now() - interval '1 minute' order by b.updated_at desc limit ${MEASURED}
  `.execute(tx);
  return { budgets: rows, now: rows[0]?.now ?? new Date(0) };
}

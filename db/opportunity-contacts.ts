import { sql, type Transaction } from 'kysely';
import type { Database } from './schema.ts';

/**
 * The contacts of opportunities we made, for events that name only the opportunity, in the order of the opportunities.
 * Needs the intake role or an agency's scope.
 */
export async function listContactsOfOpportunities(
  tx: Transaction<Database>,
  opportunities: readonly { agencyId: string; ghlOpportunityId: string }[],
): Promise<(string | null)[]> {
  if (opportunities.length === 0) return [];
  const found = await sql<{ turn: string; ghl_contact_id: string | null }>`
    select o.turn, held.ghl_contact_id
    from unnest(${opportunities.map((each) => each.agencyId)}::uuid[], ${opportunities.map((each) => each.ghlOpportunityId)}::text[])
      with ordinality as o (agency_id, ghl_opportunity_id, turn)
    cross join lateral (
      select a.ghl_contact_id from assignments a
      where a.ghl_opportunity_id = o.ghl_opportunity_id and (a.agency_id = o.agency_id) is true and a.state <> 'released' limit 1) held
  `.execute(tx);
  const byTurn = new Map(found.rows.map((row) => [Number(row.turn), row.ghl_contact_id]));
  return opportunities.map((_opportunity, index) => byTurn.get(index + 1) ?? null);
}

import type { Transaction } from 'kysely';
import type { Database } from './schema.ts';

/** The contact of an opportunity we made, for events that name only the opportunity. Needs the intake role or an agency's scope. */
export async function findContactOfOpportunity(
  tx: Transaction<Database>,
  agencyId: string,
  ghlOpportunityId: string,
): Promise<string | undefined> {
  const found = await tx
    .selectFrom('assignments')
    .select('ghl_contact_id')
    .where('agency_id', '=', agencyId)
    .where('ghl_opportunity_id', '=', ghlOpportunityId)
    .where('state', '<>', 'released')
    .limit(1)
    .executeTakeFirst();
  return found?.ghl_contact_id ?? undefined;
}

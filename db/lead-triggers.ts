import type { Transaction } from 'kysely';
import type { Database } from './schema.ts';

export interface LeadTrigger {
  id: string;
  name: string;
  kind: 'tag' | 'field';
  subject: string;
  value: string | null;
}

/** The triggers of an account, with the time each was set up at. */
export async function listLeadTriggers(
  tx: Transaction<Database>,
  locationId: string,
): Promise<(LeadTrigger & { createdAt: Date })[]> {
  return tx
    .selectFrom('lead_triggers')
    .select(['id', 'name', 'kind', 'subject', 'value', 'created_at as createdAt'])
    .where('location_id', '=', locationId)
    .orderBy('name')
    .execute();
}

/** Adds a trigger to an account. */
export async function createLeadTrigger(
  tx: Transaction<Database>,
  trigger: LeadTrigger & { agencyId: string; locationId: string },
): Promise<void> {
  const { id, agencyId, locationId, name, kind, subject, value } = trigger;
  const values = { id, agency_id: agencyId, location_id: locationId, name, kind, subject, value };
  await tx.insertInto('lead_triggers').values(values).execute();
}

/** Removes a trigger and what it remembers of contacts. Returns what it was; undefined when the scope holds none. */
export async function removeLeadTrigger(tx: Transaction<Database>, id: string): Promise<LeadTrigger | undefined> {
  return tx
    .deleteFrom('lead_triggers')
    .where('id', '=', id)
    .returning(['id', 'name', 'kind', 'subject', 'value'])
    .executeTakeFirst();
}

import type { Kysely } from 'kysely';
import type { SwitchyardClient } from '../client.ts';
import type { Database } from '../db/schema.ts';

/** What the endpoints that change a lead need. */
export interface LeadChangeDeps {
  db: Kysely<Database>;
  client: Pick<SwitchyardClient, 'reassignLead' | 'acceptLead' | 'closeLead' | 'leadFate'>;
}

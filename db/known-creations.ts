import { type Transaction, sql } from 'kysely';
import type { Work } from './event-capabilities.ts';
import type { Database } from './schema.ts';

const tellsCreation = ({ capability, input }: Work): boolean =>
  capability === 'contact-sync' &&
  (input['change'] as { isCreation?: unknown } | null | undefined)?.isCreation === true;

/**
 * Settles claimed work of events that tell no more than that a record was made, where the mirror has that record by now,
 * as it does of what we make ourselves: whoever saw it saw it made, and what came after is told by an event of its own. A
 * contact that only a list has shown is read all the same, and so is what was found to be gone. Needs the relay role.
 * @returns what is left to be handed over
 */
export async function settleKnownCreations(tx: Transaction<Database>, claimed: readonly Work[]): Promise<Work[]> {
  const sequences = claimed.filter(tellsCreation).map(({ sequence }) => sequence);
  if (sequences.length === 0) return [...claimed];
  const settled = await sql<{ sequence: string }>`
    update event_capabilities as work set state = 'known'
    where work.sequence = any(${sequences}::bigint[]) and work.state = 'pending'
      and case work.input -> 'change' ->> 'resource'
        when 'contact' then exists (select from contacts seen where seen.location_id = work.location_id
          and seen.ghl_id = work.input -> 'change' ->> 'ghlId' and seen.is_exact and seen.deleted_at is null)
        else exists (select from mirror_records seen where seen.location_id = work.location_id
          and seen.resource = work.input -> 'change' ->> 'resource'
          and seen.ghl_id = work.input -> 'change' ->> 'ghlId' and seen.deleted_at is null)
      end
    returning work.sequence
  `.execute(tx);
  const known = new Set(settled.rows.map(({ sequence }) => String(sequence)));
  return claimed.filter(({ sequence }) => !known.has(String(sequence)));
}

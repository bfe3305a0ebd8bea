import { type Transaction, sql } from 'kysely';
import type { ContactChange } from '../domain/contact-change.ts';
import type { Work } from './event-capabilities.ts';
import type { Database } from './schema.ts';

/** GHL follows the creation of an opportunity with an update that tells the same; so long we look for it. */
const TWIN_WITHIN_S = 60;

function mayBeKnown({ capability, input }: Work): boolean {
  const change = input['change'] as Partial<ContactChange> | null | undefined;
  return capability === 'contact-sync' && (change?.isCreation === true || change?.digest !== undefined);
}

/**
 * Settles claimed work of events that tell nothing, because the mirror has it by now, as it does of what we make ourselves:
 *
 * - that a record was made which the mirror has: whoever saw it saw it made, and what came after is told by an event of its
 *   own. A contact that only a list has shown is read all the same, and so is what was found to be gone;
 * - that an opportunity which we made a moment ago is as the mirror has it. Of an older one it is read: the update
 *   that GHL sends after a deletion looks the same, and may be all that comes of it.
 *
 * Needs the relay role.
 * @returns what is left to be handed over
 */
export async function settleKnownChanges(tx: Transaction<Database>, claimed: readonly Work[]): Promise<Work[]> {
  const sequences = claimed.filter(mayBeKnown).map(({ sequence }) => sequence);
  if (sequences.length === 0) return [...claimed];
  const settled = await sql<{ sequence: string }>`
    update event_capabilities as work set state = 'known'
    where work.sequence = any(${sequences}::bigint[]) and work.state = 'pending'
      and case work.input -> 'change' ->> 'resource'
        when 'contact' then exists (select from contacts seen where seen.location_id = work.location_id
          and seen.ghl_id = work.input -> 'change' ->> 'ghlId' and seen.is_exact and seen.deleted_at is null)
        else exists (select from mirror_records seen where seen.location_id = work.location_id
          and seen.resource = work.input -> 'change' ->> 'resource'
          and seen.ghl_id = work.input -> 'change' ->> 'ghlId' and seen.deleted_at is null
          and (work.input -> 'change' ? 'isCreation' or (seen.digest = work.input -> 'change' ->> 'digest'
            and seen.found_by = 'edit'
            and work.created_at < seen.ghl_created_at + make_interval(secs => ${TWIN_WITHIN_S}))))
      end
    returning work.sequence
  `.execute(tx);
  const known = new Set(settled.rows.map(({ sequence }) => String(sequence)));
  return claimed.filter(({ sequence }) => !known.has(String(sequence)));
}

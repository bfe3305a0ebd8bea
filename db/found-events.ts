import { type Transaction, sql } from 'kysely';
import type { Database } from './schema.ts';

/** An event that did not come: what polling found in its place. */
export interface FoundEvent {
  rowId: string;
  receivedAt: Date;
  agencyId: string;
  locationId: string;
  type: string;
  ghlLocationId: string;
  ghlContactId: string | null;
  /** Sealed, in the shape of the webhook. */
  body: Buffer;
}

/**
 * Stores what polling found as the event that should have told it. It has no key of its own: what it asks for has one,
 * the same as the event's. Needs the scope of the agency.
 */
export async function storeFoundEvent(tx: Transaction<Database>, event: FoundEvent): Promise<void> {
  await tx
    .insertInto('events')
    .values({
      id: event.rowId,
      received_at: event.receivedAt,
      agency_id: event.agencyId,
      location_id: event.locationId,
      source: 'poll',
      event_id: event.rowId,
      type: event.type,
      status: 'accepted',
      ghl_location_id: event.ghlLocationId,
      ghl_contact_id: event.ghlContactId,
      occurred_at: null,
      body: event.body,
    })
    .execute();
}

/**
 * Which of some contacts have made no lead by themselves, and were told of by no ContactCreate either: one that intake
 * has seen and made no lead of makes none later.
 */
export async function listUntoldContacts(
  tx: Transaction<Database>,
  of: { agencyId: string; locationId: string },
  ghlContactIds: readonly string[],
): Promise<Set<string>> {
  if (ghlContactIds.length === 0) return new Set();
  const found = await sql<{ id: string }>`
    select found.ghl_id as id from unnest(${[...ghlContactIds]}::text[]) as found (ghl_id)
    where not exists (select from lead_keys k where k.agency_id = ${of.agencyId} and k.key = 'contact:' || found.ghl_id)
      and not exists (select from events e where e.location_id = ${of.locationId} and e.ghl_contact_id = found.ghl_id
        and e.type = 'ContactCreate' and e.source in ('ghl', 'poll'))
  `.execute(tx);
  return new Set(found.rows.map((row) => row.id));
}

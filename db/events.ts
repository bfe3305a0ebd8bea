import { type Transaction, sql } from 'kysely';
import type { Database } from './schema.ts';
import type { EventSource, EventStatus } from './schema/events.ts';

export interface NewEvent {
  rowId: string;
  source: EventSource;
  /** The dedupe key within the source. */
  eventId: string;
  /** The key is a hash of the content: an equal delivery is a repeat only for these milliseconds. Null: for ever. */
  repeatWithinMs: number | null;
  receivedAt: Date;
  agencyId: string | null;
  locationId: string | null;
  type: string;
  status: EventStatus;
  ghlLocationId: string | null;
  ghlContactId: string | null;
  /** The record that it tells of; absent where it names none. */
  ghlRecordId?: string | null;
  occurredAt: Date | null;
  /** Sealed; null when there is nothing to keep. */
  body: Buffer | null;
}

/**
 * Stores an event unless its key was taken before. Needs the intake role.
 * @returns false for a repeat, which changes nothing
 */
export async function takeEvent(tx: Transaction<Database>, event: NewEvent): Promise<boolean> {
  const key = {
    source: event.source,
    event_id: event.eventId,
    event_row_id: event.rowId,
    agency_id: event.agencyId,
    // The database's clock decides about repeats: processes may disagree about the time.
    received_at: sql<Date>`now()`,
  };
  const { repeatWithinMs } = event;
  const taken = await tx
    .insertInto('event_keys')
    .values(key)
    .onConflict((conflict) => {
      const target = conflict.columns(['source', 'event_id']);
      if (repeatWithinMs === null) return target.doNothing();
      return target
        .doUpdateSet({ event_row_id: event.rowId, received_at: sql<Date>`now()` })
        .where('event_keys.received_at', '<', sql<Date>`now() - make_interval(secs => ${repeatWithinMs / 1000})`);
    })
    .returning('event_row_id')
    .executeTakeFirst();
  if (!taken) return false;
  await tx
    .insertInto('events')
    .values({
      id: event.rowId,
      received_at: event.receivedAt,
      agency_id: event.agencyId,
      location_id: event.locationId,
      source: event.source,
      event_id: event.eventId,
      type: event.type,
      status: event.status,
      ghl_location_id: event.ghlLocationId,
      ghl_contact_id: event.ghlContactId,
      ghl_record_id: event.ghlRecordId ?? null,
      occurred_at: event.occurredAt,
      body: event.body,
    })
    .execute();
  return true;
}

export interface StoredEvent {
  source: EventSource;
  type: string;
  agencyId: string | null;
  locationId: string | null;
  body: Buffer | null;
}

/** An event by its row id; the time it was received names its partition. */
export async function findEvent(
  tx: Transaction<Database>,
  rowId: string,
  receivedAt: Date,
): Promise<StoredEvent | undefined> {
  return tx
    .selectFrom('events')
    .select(['source', 'type', 'agency_id as agencyId', 'location_id as locationId', 'body'])
    .where('id', '=', rowId)
    .where('received_at', '=', receivedAt)
    .executeTakeFirst();
}

/** Completes an event whose payload GHL had cut. */
export async function replaceEventBody(
  tx: Transaction<Database>,
  rowId: string,
  receivedAt: Date,
  body: Buffer,
): Promise<void> {
  await tx.updateTable('events').set({ body }).where('id', '=', rowId).where('received_at', '=', receivedAt).execute();
}

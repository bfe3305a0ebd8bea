import { type Transaction, sql } from 'kysely';
import { jsonRows } from './json-rows.ts';
import { runKeepingPlan } from './kept-plans.ts';
import { inLockOrder } from './lock-order.ts';
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
 * Stores events whose keys were not taken before. An event that nobody knew whose it was is taken once more now that its
 * agency is known: an operator has added the location and GHL delivers again. Needs the intake role.
 * @param events of which no two share source and key
 * @returns the row ids of those that were new; the others are repeats and change nothing
 */
export async function takeEvents(tx: Transaction<Database>, events: readonly NewEvent[]): Promise<Set<string>> {
  const ordered = inLockOrder(events, ({ source, eventId }) => `${source} ${eventId}`);
  const taken = new Set<string>();
  const windows = new Set(ordered.map((event) => event.repeatWithinMs));
  for (const repeatWithinMs of [...windows].sort((a, b) => (a ?? -1) - (b ?? -1))) {
    const ofWindow = ordered.filter((event) => event.repeatWithinMs === repeatWithinMs);
    for (const rowId of await takeOfWindow(tx, ofWindow, repeatWithinMs)) taken.add(rowId);
  }
  return taken;
}

/** Stores one event. @returns false for a repeat, which changes nothing */
export const takeEvent = async (tx: Transaction<Database>, event: NewEvent): Promise<boolean> =>
  (await takeEvents(tx, [event])).has(event.rowId);

// The database's clock decides about repeats: processes may disagree about the time.
async function takeOfWindow(
  tx: Transaction<Database>,
  events: readonly NewEvent[],
  repeatWithinMs: number | null,
): Promise<string[]> {
  const isOver =
    repeatWithinMs === null
      ? sql`false`
      : sql`event_keys.received_at < now() - make_interval(secs => ${repeatWithinMs / 1000})`;
  const { rows, bodies } = describeRows(events);
  const query = sql<{ event_row_id: string }>`
    with event as (
      select * from json_to_recordset(${jsonRows(rows)}) as event (id uuid, received_at timestamptz, agency_id uuid,
        location_id uuid, source text, event_id text, type text, status text, ghl_location_id text, ghl_contact_id text,
        ghl_record_id text, occurred_at timestamptz, body_from integer, body_length integer)
    ),
    taken as (
      insert into event_keys (source, event_id, event_row_id, agency_id, received_at)
      select source, event_id, id, agency_id, now() from event
      on conflict (source, event_id) do update
        set event_row_id = excluded.event_row_id, agency_id = excluded.agency_id, received_at = excluded.received_at
        where (event_keys.agency_id is null and excluded.agency_id is not null) or ${isOver}
      returning event_row_id
    ),
    stored as (
      insert into events (id, received_at, agency_id, location_id, source, event_id, type, status,
        ghl_location_id, ghl_contact_id, ghl_record_id, occurred_at, body)
      select id, received_at, agency_id, location_id, source, event_id, type, status, ghl_location_id, ghl_contact_id,
        ghl_record_id, occurred_at, substring(${bodies}::bytea from body_from for body_length)
      from event where id in (select event_row_id from taken)
    )
    select event_row_id from taken
  `;
  const taken = await runKeepingPlan(tx, query);
  return taken.rows.map((row) => row.event_row_id);
}

/** All bodies in one binary parameter: as text of JSON or of an array they would be copied and spelt out several times. */
function describeRows(events: readonly NewEvent[]): { rows: object[]; bodies: Buffer } {
  let bodyFrom = 1;
  const rows = events.map((event) => {
    const row = {
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
      body_from: bodyFrom,
      body_length: event.body?.length ?? null,
    };
    bodyFrom += event.body?.length ?? 0;
    return row;
  });
  return { rows, bodies: Buffer.concat(events.flatMap(({ body }) => (body === null ? [] : [body]))) };
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

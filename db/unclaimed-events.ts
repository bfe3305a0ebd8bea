import { type Transaction, sql } from 'kysely';
import type { Database } from './schema.ts';
import type { EventSource } from './schema/events.ts';

/**
 * Lets an event that nobody knew whose it was be taken once more, now that its agency is known: an operator has added
 * the location and GHL delivers again. Needs the intake role.
 * @returns false when the event was taken for an agency already
 */
export async function reopenUnclaimedEvent(
  tx: Transaction<Database>,
  key: { source: EventSource; eventId: string; agencyId: string },
): Promise<boolean> {
  const reopened = await tx
    .updateTable('event_keys')
    .set({ agency_id: key.agencyId, received_at: sql<Date>`'epoch'` })
    .where('source', '=', key.source)
    .where('event_id', '=', key.eventId)
    .where('agency_id', 'is', null)
    .executeTakeFirst();
  return reopened.numUpdatedRows === 1n;
}

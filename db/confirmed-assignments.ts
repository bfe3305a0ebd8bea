import { sql, type Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { Assignment, Database, Lead } from './schema.ts';
import { commitWith } from './scope.ts';

/** How a lead stands with an assignment that counts now. */
type Confirmed = Pick<Lead, 'state' | 'location_id' | 'rep_id' | 'assigned_at' | 'accepted_at'>;

/**
 * Makes a reservation the assignment that counts: its row, the lead's and an entry of its timeline. A lead that has no end yet
 * gets it from the location. The last statement of its transaction, which commits with it. Needs the lead's lock.
 * @returns when the lead ends by its age @throws NoResultError when the scope does not hold the lead
 */
export async function storeConfirmed(
  tx: Transaction<Database>,
  { id, agency_id: agencyId, lead_id: leadId, location_id: locationId, rep_id: repId }: Assignment,
  confirmed: Confirmed,
  now: Date,
): Promise<Date | null> {
  const detail = JSON.stringify({ locationId, repId, assignmentId: id });
  const oldest = sql<Date>`coalesce(leads.expires_at, leads.received_at + make_interval(secs =>
    (select lead_max_age_seconds from locations where id = ${locationId})))`;
  const query = tx
    .with('confirmed', (db) =>
      db.updateTable('assignments').set({ state: 'active', assigned_at: now }).where('id', '=', id).returning('id'),
    )
    .with('told', (db) =>
      db.insertInto('lead_timeline').values({
        ...{ id: uuidv7(), at: now, agency_id: agencyId, lead_id: leadId, detail },
        kind: repId === null ? 'queued' : 'assigned',
      }),
    )
    .updateTable('leads')
    .set({ ...confirmed, expires_at: oldest })
    .where('id', '=', leadId)
    .returning('leads.expires_at');
  const [row] = (await commitWith(tx, query)).rows;
  return row!.expires_at;
}

import type { Kysely } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { Database } from '../../db/schema.ts';

/** Puts a lead that a rep has into the tables. Returns its id. */
export async function plantLead(
  db: Kysely<Database>,
  of: { agencyId: string; locationId: string; repId: string; closed?: boolean },
): Promise<string> {
  const { agencyId, locationId, repId, closed = false } = of;
  const id = uuidv7();
  const now = new Date();
  const ids = { agency_id: agencyId, location_id: locationId, rep_id: repId };
  await db
    .insertInto('leads')
    .values({
      ...ids,
      id,
      intake_location_id: locationId,
      state: closed ? 'closed' : 'assigned',
      closed_at: closed ? now : null,
      source: 'api',
      event_row_id: uuidv7(),
      event_received_at: now,
    })
    .execute();
  await db
    .insertInto('assignments')
    .values({
      ...ids,
      id: uuidv7(),
      lead_id: id,
      decision_id: uuidv7(),
      state: closed ? 'released' : 'active',
      released_at: closed ? now : null,
    })
    .execute();
  return id;
}

import type { Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { contactChangeWork } from './contact-work.ts';
import { addWork } from './event-capabilities.ts';
import { markDeleted } from './mirror.ts';
import type { MirrorPlace } from './mirror-place.ts';
import type { Database } from './schema.ts';

/** A note or task by its kind and id. */
export interface HangingRecord {
  resource: 'note' | 'task';
  ghlId: string;
}

/** The notes and tasks that the mirror shows of contacts. Needs the scope of the location's agency. */
export async function listNotesAndTasks(
  tx: Transaction<Database>,
  locationId: string,
  ghlContactIds: readonly string[],
): Promise<(HangingRecord & { ghlContactId: string })[]> {
  if (ghlContactIds.length === 0) return [];
  const rows = await tx
    .selectFrom('mirror_records')
    .select(['resource', 'ghl_id', 'ghl_contact_id'])
    .where('location_id', '=', locationId)
    .where('ghl_contact_id', 'in', ghlContactIds)
    .where('resource', 'in', ['note', 'task'])
    .where('deleted_at', 'is', null)
    .orderBy('ghl_id')
    .execute();
  return rows.map(({ resource, ghl_id: ghlId, ghl_contact_id: ghlContactId }) => ({
    resource: resource as HangingRecord['resource'],
    ghlId,
    ghlContactId: ghlContactId!,
  }));
}

/**
 * Marks records that GHL says are gone, as `markDeleted` does. GHL tells nothing of what hung on a contact: where the
 * mirror shows notes or tasks of one that is marked now, its workflow looks what has become of them.
 * @param askedAt when GHL was asked
 * @returns which were marked now
 */
export async function markGone(
  tx: Transaction<Database>,
  place: MirrorPlace,
  ghlIds: readonly string[],
  askedAt: Date,
): Promise<string[]> {
  const marked = await markDeleted(tx, place, ghlIds, askedAt);
  if (place.resource !== 'contact') return marked;
  const { agencyId, locationId } = place;
  const hanging = await listNotesAndTasks(tx, locationId, marked);
  const owners = [...new Set(hanging.map(({ ghlContactId }) => ghlContactId))];
  const work = owners.map((ghlId) => ({
    ...contactChangeWork(
      { agencyId, causeId: uuidv7(), locationId },
      { resource: 'contact', ghlId, ghlContactId: ghlId },
    ),
    dueAt: askedAt,
  }));
  await addWork(tx, work);
  return marked;
}

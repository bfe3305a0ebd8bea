import { sql, type Transaction } from 'kysely';
import type { DuplicateReason, SharedIdentifier } from '../domain/contact-duplicates.ts';
import type { Database } from './schema.ts';

export interface SharingContact extends SharedIdentifier {
  locationId: string;
  ghlId: string | null;
}

/**
 * The contacts that share an e-mail or a phone with another one, inside a location or across the agency: those of the
 * first `limit` of each that are shared. GHL keeps phones in E.164, and e-mails are compared in lower case.
 */
export async function listSharingContacts(
  tx: Transaction<Database>,
  of: { agencyId: string; within: 'location' | 'agency'; locationId: string | undefined; limit: number },
): Promise<SharingContact[]> {
  const found: SharingContact[] = [];
  for (const [column, reason] of SHARED) {
    const rows = await sql<{ id: string; location_id: string; ghl_id: string | null; key: string }>`
      with there as (
        select id, location_id, ghl_id, ${sql.ref(column)} as identifier,
          ${of.within === 'agency' ? sql`''` : sql`location_id::text`} || '/' || ${sql.ref(column)} as key
        from contacts
        where agency_id = ${of.agencyId} and ${sql.ref(column)} is not null and deleted_at is null and merged_into is null
          ${of.locationId === undefined ? sql`` : sql`and location_id = ${of.locationId}`}
      )
      select id, location_id, ghl_id, key from there
      where key in (select key from there group by key having count(*) > 1 order by key limit ${of.limit})
      order by key, id`.execute(tx);
    found.push(
      ...rows.rows.map((row) => ({
        contactId: row.id,
        locationId: row.location_id,
        ghlId: row.ghl_id,
        reason,
        key: row.key,
      })),
    );
  }
  return found;
}

const SHARED: [column: 'email' | 'phone', reason: DuplicateReason][] = [
  ['email', 'same-email'],
  ['phone', 'same-phone'],
];

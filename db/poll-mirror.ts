import { type RawBuilder, type Transaction, sql } from 'kysely';
import type { Fields } from '../domain/mirror.ts';
import { allAt, type MirrorPlace, tableOf } from './mirror-place.ts';
import type { Database } from './schema.ts';

/** Notes what a page of a sweep has seen; a page that comes again replaces itself. */
export async function saveSweepPage(
  tx: Transaction<Database>,
  place: MirrorPlace,
  page: number,
  ghlIds: readonly string[],
): Promise<void> {
  await tx
    .insertInto('sweep_pages')
    .values({
      agency_id: place.agencyId,
      location_id: place.locationId,
      resource: place.resource,
      page,
      ghl_ids: [...ghlIds],
    })
    .onConflict((conflict) =>
      conflict.columns(['location_id', 'resource', 'page']).doUpdateSet({ ghl_ids: [...ghlIds] }),
    )
    .execute();
}

/** Forgets what a sweep has seen. */
export async function dropSweepPages(tx: Transaction<Database>, place: MirrorPlace): Promise<void> {
  await tx
    .deleteFrom('sweep_pages')
    .where('location_id', '=', place.locationId)
    .where('resource', '=', place.resource)
    .execute();
}

const seenIds = ({ locationId, resource }: MirrorPlace): RawBuilder<unknown> =>
  sql`select unnest(ghl_ids) from sweep_pages where location_id = ${locationId} and resource = ${resource}`;

/** A record that is here and that a sweep has not seen. */
export interface Unseen {
  ghlId: string;
  fields: Fields;
  missingSince: Date | null;
}

/**
 * The records that are here and that no page of the sweep has shown. What was looked at since the sweep began is there
 * and is left out.
 */
export async function listUnseen(tx: Transaction<Database>, place: MirrorPlace, since: Date): Promise<Unseen[]> {
  const found = await sql<Unseen>`
    select ghl_id as "ghlId", fields, missing_since as "missingSince" from ${tableOf(place)}
    where ${allAt(place)} and deleted_at is null and observed_at < ${since}
      and ghl_id not in (${seenIds(place)})
    order by ghl_id
  `.execute(tx);
  return found.rows;
}

/** Notes which records a sweep has missed, and that those it has seen are not missing. */
export async function noteMissing(
  tx: Transaction<Database>,
  place: MirrorPlace,
  ghlIds: readonly string[],
  now: Date,
): Promise<void> {
  await sql`
    update ${tableOf(place)} set missing_since = ${now}
    where ${allAt(place)} and ghl_id = any(${[...ghlIds]}::text[]) and missing_since is null and deleted_at is null
  `.execute(tx);
  await sql`
    update ${tableOf(place)} set missing_since = null
    where ${allAt(place)} and missing_since is not null and ghl_id in (${seenIds(place)})
  `.execute(tx);
}

/** The next records to be read: those that a sweep has missed, and contacts that only lists have shown. */
export async function listToRead(
  tx: Transaction<Database>,
  place: MirrorPlace,
  afterId: string,
  limit: number,
): Promise<string[]> {
  const doubtful = sql.raw(
    place.resource === 'contact' ? '(missing_since is not null or not is_exact)' : 'missing_since is not null',
  );
  const found = await sql<{ ghl_id: string }>`
    select ghl_id from ${tableOf(place)}
    where ${allAt(place)} and deleted_at is null and ${doubtful} and ghl_id > ${afterId}
    order by ghl_id limit ${limit}
  `.execute(tx);
  return found.rows.map((row) => row.ghl_id);
}

/** How many records are here, and how many of them a sweep has missed. */
export async function countHere(
  tx: Transaction<Database>,
  place: MirrorPlace,
): Promise<{ here: number; missing: number }> {
  const found = await sql<{ here: number; missing: number }>`
    select count(*)::int as here, count(missing_since)::int as missing from ${tableOf(place)}
    where ${allAt(place)} and deleted_at is null
  `.execute(tx);
  return found.rows[0] ?? { here: 0, missing: 0 };
}

/** Whose a record is, and since when it is. */
export interface Origin {
  ghlId: string;
  ghlContactId: string | null;
  ghlCreatedAt: Date | null;
}

/** Where some records come from, by their ids. */
export async function listOrigins(
  tx: Transaction<Database>,
  place: MirrorPlace,
  ghlIds: readonly string[],
): Promise<Origin[]> {
  const contactId = sql.raw(place.resource === 'contact' ? 'ghl_id' : 'ghl_contact_id');
  const found = await sql<Origin>`
    select ghl_id as "ghlId", ${contactId} as "ghlContactId", ghl_created_at as "ghlCreatedAt"
    from ${tableOf(place)} where ${allAt(place)} and ghl_id = any(${[...ghlIds]}::text[])
  `.execute(tx);
  return found.rows;
}

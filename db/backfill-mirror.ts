import { type RawBuilder, sql, type Transaction } from 'kysely';
import { type BackfillResource, type Listing, RECORD_OF, type Span } from '../domain/backfill.ts';
import type { Cover } from '../domain/backfill-slices.ts';
import type { Fields } from '../domain/mirror.ts';
import type { Database } from './schema.ts';

/** What a backfill looks up in the mirror. All of it needs the scope of the location's agency. */

const at = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));
const within = (column: RawBuilder<unknown>, { from, to }: Span): RawBuilder<unknown> =>
  sql`(${at(from)}::timestamptz is null or ${column} >= ${at(from)}) and (${at(to)}::timestamptz is null or ${column} < ${at(to)})`;
const createdWithin = (span: Span) => within(sql`ghl_created_at`, span);
/** An appointment is looked for by when it begins, not by when it was made. */
const startsWithin = (span: Span) => within(sql`(fields ->> 'startTime')::timestamptz`, span);

/** The export lists e-mails apart, and those of other senders' channels not at all. */
const OF_LISTING: Partial<Record<Listing, RawBuilder<unknown>>> = {
  messages: sql`and coalesce(fields ->> 'messageType', '') not in ('TYPE_EMAIL', 'TYPE_CUSTOM_EMAIL')`,
  emails: sql`and fields ->> 'messageType' = 'TYPE_EMAIL'`,
};

const tableOf = (listing: Listing): RawBuilder<unknown> => {
  const resource = RECORD_OF[listing];
  if (resource === 'contact') return sql`contacts where ghl_id is not null`;
  return resource === 'message' ? sql`messages where true` : sql`mirror_records where resource = ${resource}`;
};

/**
 * What the mirror holds in a stretch that GHL has listed, and GHL did not show: deleted in GHL, or not yet in its list.
 * @param key the calendar, for appointments
 */
export async function listUnlisted(
  tx: Transaction<Database>,
  of: { locationId: string; listing: Listing; key: string | null },
  cover: Cover,
): Promise<string[]> {
  const { locationId, listing, key } = of;
  const span =
    listing === 'appointments'
      ? sql`${startsWithin(cover)} and fields ->> 'calendarId' = ${key}`
      : createdWithin(cover);
  const found = await sql<{ ghl_id: string }>`
    select ghl_id from ${tableOf(listing)} and location_id = ${locationId} and deleted_at is null and ${span}
      ${OF_LISTING[listing] ?? sql``} and ghl_id <> all(${[...cover.seenIds]}::text[])
    order by ghl_id
  `.execute(tx);
  return found.rows.map(({ ghl_id }) => ghl_id);
}

/** Contacts that are known as lists show them, in the order of our ids. @param after the id to go on after */
export async function listContactsToRead(
  tx: Transaction<Database>,
  of: { locationId: string; span: Span; after: string | null; limit: number },
): Promise<{ id: string; ghlId: string }[]> {
  const found = await sql<{ id: string; ghl_id: string }>`
    select id, ghl_id from contacts
    where location_id = ${of.locationId} and not is_exact and deleted_at is null and ghl_id is not null
      and id > ${of.after ?? '00000000-0000-0000-0000-000000000000'} and ${createdWithin(of.span)}
    order by id limit ${of.limit}
  `.execute(tx);
  return found.rows.map(({ id, ghl_id }) => ({ id, ghlId: ghl_id }));
}

/**
 * Conversations of which the mirror shows no message, in the order of GHL's ids: begun and never used, or deleted, for
 * their messages go with them. @param of.span means nothing here: nothing tells when a conversation was made
 */
export async function listSilentConversations(
  tx: Transaction<Database>,
  of: { locationId: string; span: Span; after: string | null; limit: number },
): Promise<{ id: string; ghlId: string }[]> {
  const found = await sql<{ ghl_id: string }>`
    select ghl_id from mirror_records c
    where location_id = ${of.locationId} and resource = 'conversation' and deleted_at is null and ghl_id > ${of.after ?? ''}
      and not exists (select from messages m where m.location_id = c.location_id
        and m.ghl_contact_id = c.ghl_contact_id and m.deleted_at is null and m.fields ->> 'conversationId' = c.ghl_id)
    order by ghl_id limit ${of.limit}
  `.execute(tx);
  return found.rows.map(({ ghl_id: ghlId }) => ({ id: ghlId, ghlId }));
}

/** How many contacts are known only as lists show them. */
export async function countContactsToRead(tx: Transaction<Database>, locationId: string, span: Span): Promise<number> {
  const counted = await sql<{ rows: number }>`
    select count(*)::int as rows from contacts
    where location_id = ${locationId} and not is_exact and deleted_at is null and ghl_id is not null
      and ${createdWithin(span)}
  `.execute(tx);
  return counted.rows[0]!.rows;
}

/** One after the other, by their key: of rows that came since Postgres counted last it believes that there are few. */
const contactsNamed = (locationId: string, ghlIds: readonly string[]): RawBuilder<unknown> => sql`
  unnest(${[...ghlIds]}::text[]) as wanted (id) cross join lateral (
    select ghl_id, deleted_at from contacts where location_id = ${locationId} and ghl_id = wanted.id limit 1
  ) as known`;

/** Which of these contacts the mirror has. */
export async function findKnownContacts(
  tx: Transaction<Database>,
  locationId: string,
  ghlIds: readonly string[],
): Promise<Set<string>> {
  if (ghlIds.length === 0) return new Set();
  const found = await sql<{ ghl_id: string }>`
    select ghl_id from ${contactsNamed(locationId, ghlIds)}
  `.execute(tx);
  return new Set(found.rows.map(({ ghl_id }) => ghl_id));
}

/** Which of these contacts the mirror holds for deleted: a list cannot say otherwise, a read can. */
export async function listDeletedContacts(
  tx: Transaction<Database>,
  locationId: string,
  ghlIds: readonly string[],
): Promise<string[]> {
  if (ghlIds.length === 0) return [];
  const found = await sql<{ ghl_id: string }>`
    select ghl_id from ${contactsNamed(locationId, ghlIds)} where deleted_at is not null
  `.execute(tx);
  return found.rows.map(({ ghl_id }) => ghl_id);
}

/** What lists leave out of e-mails, of those that have been read by themselves. */
export async function findWrittenEmails(
  tx: Transaction<Database>,
  locationId: string,
  ghlIds: readonly string[],
): Promise<Map<string, Fields>> {
  if (ghlIds.length === 0) return new Map();
  const found = await sql<{ ghl_id: string; written: Fields }>`
    select ghl_id, jsonb_strip_nulls(jsonb_build_object('subject', fields -> 'subject', 'body', fields -> 'body',
      'from', fields -> 'from', 'to', fields -> 'to', 'cc', fields -> 'cc')) as written
    from messages
    where location_id = ${locationId} and ghl_id = any(${[...ghlIds]}::text[]) and fields ?| array['subject', 'body', 'from']
  `.execute(tx);
  return new Map(found.rows.map(({ ghl_id, written }) => [ghl_id, written]));
}

const LISTED_BY: Record<BackfillResource, readonly Listing[]> = {
  contact: ['contacts'],
  conversation: ['messages', 'emails'],
  opportunity: ['opportunities'],
  appointment: ['appointments'],
  transaction: ['transactions'],
};

/** How many records of a span the mirror holds, as a check counts them: of conversations their messages. */
export async function countStored(
  tx: Transaction<Database>,
  of: { locationId: string; resource: BackfillResource; span: Span },
): Promise<number> {
  let stored = 0;
  for (const listing of LISTED_BY[of.resource]) {
    const span = listing === 'appointments' ? startsWithin(of.span) : createdWithin(of.span);
    const counted = await sql<{ rows: number }>`
      select count(*)::int as rows from ${tableOf(listing)} and location_id = ${of.locationId} and deleted_at is null
        and ${span} ${OF_LISTING[listing] ?? sql``}
    `.execute(tx);
    stored += counted.rows[0]!.rows;
  }
  return stored;
}

import { type RawBuilder, type Transaction, sql } from 'kysely';
import {
  type Fields,
  type FoundBy,
  type Judgement,
  judgeObservation,
  type Known,
  mergeListedContact,
  type Observation,
} from '../domain/mirror.ts';
import { type MirrorPlace, someAt, tableNameOf, tableOf } from './mirror-place.ts';
import type { Database } from './schema.ts';

/** What became of an observation. */
export interface Observed {
  ghlId: string;
  judgement: Judgement;
}

interface KnownRow {
  ghl_id: string;
  ghl_contact_id: string | null;
  fields: Fields;
  ghl_updated_at: Date | null;
  observed_at: Date;
  is_exact: boolean;
  missing_since: Date | null;
  deleted_at: Date | null;
}

/** Judgements that write nothing of what is there. */
const SIGHTED: ReadonlySet<Judgement> = new Set<Judgement>(['same', 'older']);

/** Two writers of the same rows lock them in the same order. */
const byId = (a: Observation, b: Observation): number => (a.ghlId < b.ghlId ? -1 : Number(a.ghlId > b.ghlId));

/**
 * Writes what is newer than what is known and leaves the rest untouched, so that the order in which events, pages and
 * reads come does not matter. Of several observations of one record in a call the last one counts. Needs the scope of
 * the place's agency. Only rows that are written are locked: a page that brings nothing new, as nearly all of a second
 * reading do, costs a look and keeps nobody waiting.
 * @returns one entry for each record, in the order of their ids
 */
export async function writeObservations(
  tx: Transaction<Database>,
  place: MirrorPlace,
  observations: readonly Observation[],
  foundBy: FoundBy,
): Promise<Observed[]> {
  const latest = [...new Map(observations.map((each) => [each.ghlId, each])).values()].sort(byId);
  if (latest.length === 0) return [];
  const known = await findRows(tx, place, latest, 'look');
  const unknown = latest.filter(({ ghlId }) => !known.has(ghlId));
  const added = new Set(await insertNew(tx, place, unknown, foundBy));
  const judged = new Map(latest.map((seen) => [seen.ghlId, judgeAgainst(known.get(seen.ghlId), seen)]));

  // What is newer is judged again once nobody else can change it; so is what somebody else has brought meanwhile.
  const toLock = latest.filter(({ ghlId }) => !added.has(ghlId) && judged.get(ghlId)!.write);
  const locked = await findRows(tx, place, toLock, 'lock');
  for (const seen of toLock) judged.set(seen.ghlId, judgeAgainst(locked.get(seen.ghlId), seen));
  const toWrite = toLock.filter(({ ghlId }) => judged.get(ghlId)!.write);
  await update(
    tx,
    place,
    toWrite.map((seen) => believe(place, locked.get(seen.ghlId), seen)),
    foundBy,
  );
  const missing = latest.filter(({ ghlId }) => (locked.get(ghlId) ?? known.get(ghlId))?.missing_since);
  await noteSighted(
    tx,
    place,
    missing.flatMap(({ ghlId }) => (SIGHTED.has(judged.get(ghlId)!.reason) ? [ghlId] : [])),
  );
  return [...judged].map(([ghlId, { reason }]) => ({ ghlId, judgement: reason }));
}

/** Does the same for a record that was made just now: one statement, for hardly ever has somebody else brought it meanwhile. */
export async function writeMade(
  tx: Transaction<Database>,
  place: MirrorPlace,
  made: Observation,
  foundBy: FoundBy,
): Promise<Observed[]> {
  const added = await insertNew(tx, place, [made], foundBy);
  if (added.length === 0) return writeObservations(tx, place, [made], foundBy);
  return [{ ghlId: made.ghlId, judgement: judgeAgainst(undefined, made).reason }];
}

/** What is known of the records that were seen, by their ids. Those that are not here are left out. */
export async function findKnown(
  tx: Transaction<Database>,
  place: MirrorPlace,
  seen: readonly Observation[],
): Promise<Map<string, Known>> {
  const rows = await findRows(tx, place, seen, 'look');
  return new Map([...rows].map(([ghlId, row]) => [ghlId, toKnown(row)]));
}

/**
 * Marks records that GHL says are gone; one that was seen after that stays.
 * @param observedAt when GHL was asked
 * @returns which were marked now
 */
export async function markDeleted(
  tx: Transaction<Database>,
  place: MirrorPlace,
  ghlIds: readonly string[],
  observedAt: Date,
): Promise<string[]> {
  if (ghlIds.length === 0) return [];
  const marked = await sql<{ ghl_id: string }>`
    update ${tableOf(place)} set deleted_at = ${observedAt}, observed_at = ${observedAt}, missing_since = null
    where ${someAt(place)} and ghl_id = any(${[...ghlIds]}::text[])
      and deleted_at is null and observed_at <= ${observedAt}
    returning ghl_id
  `.execute(tx);
  return marked.rows.map((row) => row.ghl_id);
}

/** Whose record it is, as far as the mirror knows. */
export async function findContactOfRecord(
  tx: Transaction<Database>,
  place: MirrorPlace & { resource: 'note' | 'task' },
  ghlId: string,
): Promise<string | undefined> {
  const found = await tx
    .selectFrom('mirror_records')
    .select('ghl_contact_id')
    .where('location_id', '=', place.locationId)
    .where('resource', '=', place.resource)
    .where('ghl_id', '=', ghlId)
    .executeTakeFirst();
  return found?.ghl_contact_id ?? undefined;
}

/** How many appointments of a contact lie ahead, as far as the mirror knows. */
export async function countUpcomingAppointments(
  tx: Transaction<Database>,
  locationId: string,
  ghlContactId: string,
  now: Date,
): Promise<number> {
  const found = await tx
    .selectFrom('mirror_records')
    .select('fields')
    .where('location_id', '=', locationId)
    .where('resource', '=', 'appointment')
    .where('ghl_contact_id', '=', ghlContactId)
    .where('deleted_at', 'is', null)
    .execute();
  return found.filter(({ fields }) => new Date(String(fields['startTime'])) > now).length;
}

function judgeAgainst(known: KnownRow | undefined, seen: Observation) {
  return judgeObservation(known && toKnown(known), seen);
}

const toKnown = (row: KnownRow): Known => ({
  ghlContactId: row.ghl_contact_id,
  fields: row.fields,
  ghlUpdatedAt: row.ghl_updated_at,
  observedAt: row.observed_at,
  isExact: row.is_exact,
  isDeleted: row.deleted_at !== null,
});

function believe({ resource }: MirrorPlace, known: KnownRow | undefined, seen: Observation): Observation {
  if (resource !== 'contact' || seen.isExact) return seen;
  return { ...seen, fields: mergeListedContact(known?.fields, seen.fields) };
}

/** @returns which were not there */
async function insertNew(
  tx: Transaction<Database>,
  place: MirrorPlace,
  seen: readonly Observation[],
  foundBy: FoundBy,
): Promise<string[]> {
  if (seen.length === 0) return [];
  const added = await insert(place, seen, foundBy, sql`nothing returning ghl_id`).execute(tx);
  return added.rows.map((row) => row.ghl_id);
}

/** Rows that are there and locked: said as an insertion, which goes to each by its key whatever the planner expects. */
async function update(
  tx: Transaction<Database>,
  place: MirrorPlace,
  seen: readonly Observation[],
  foundBy: FoundBy,
): Promise<void> {
  if (seen.length === 0) return;
  // A contact that was made here gets GHL's time of creation with the first sight of it there.
  const ofContact = `is_exact = excluded.is_exact,
    ghl_created_at = coalesce(contacts.ghl_created_at, excluded.ghl_created_at)`;
  const own =
    place.resource === 'contact'
      ? ofContact
      : `ghl_contact_id = coalesce(excluded.ghl_contact_id, ${tableNameOf(place.resource)}.ghl_contact_id)`;
  const known = tableOf(place);
  const set = sql`update
    set fields = excluded.fields, ghl_updated_at = coalesce(excluded.ghl_updated_at, ${known}.ghl_updated_at),
      observed_at = excluded.observed_at, missing_since = null, deleted_at = null, ${sql.raw(own)}`;
  await insert(place, seen, foundBy, set).execute(tx);
}

function insert(
  place: MirrorPlace,
  seen: readonly Observation[],
  foundBy: FoundBy,
  onConflict: RawBuilder<unknown>,
): RawBuilder<{ ghl_id: string }> {
  const { agencyId, locationId, resource } = place;
  const { columns, values, key } = OWN[tableNameOf(resource)];
  return sql<{ ghl_id: string }>`
    insert into ${tableOf(place)}
      (agency_id, location_id, ghl_id, ghl_created_at, fields, ghl_updated_at, observed_at, found_by, ${sql.raw(columns)})
    select ${agencyId}::uuid, ${locationId}::uuid, ghl_id, ghl_created_at, fields, ghl_updated_at, observed_at,
      ${foundBy}, ${sql.raw(values.replace('$resource', resource))}
    from ${rows(seen)}
    on conflict (${sql.raw(key)}) do ${onConflict}
  `;
}

/** Looks each record up by its key, and says so to the planner, which would not know how few are looked for. */
async function findRows(
  tx: Transaction<Database>,
  place: MirrorPlace,
  seen: readonly Observation[],
  how: 'look' | 'lock',
): Promise<Map<string, KnownRow>> {
  if (seen.length === 0) return new Map();
  const own = place.resource === 'contact' ? 'is_exact, ghl_id as ghl_contact_id' : 'true as is_exact, ghl_contact_id';
  const ghlIds = seen.map(({ ghlId }) => ghlId);
  const madeAt = seen.map(({ ghlCreatedAt }) => ghlCreatedAt?.toISOString() ?? null);
  // The key of a message has the time it was made, which never changes and tells in which partition it stands.
  const andMadeAt = place.resource === 'message' ? sql`and ghl_created_at = wanted.made_at` : sql``;
  const found = await sql<KnownRow>`
    select known.* from unnest(${ghlIds}::text[], ${madeAt}::timestamptz[]) as wanted (id, made_at)
    cross join lateral (
      select ghl_id, fields, ghl_updated_at, observed_at, ${sql.raw(own)}, missing_since, deleted_at from ${tableOf(place)}
      where ${someAt(place)} and ghl_id = wanted.id ${andMadeAt}
      limit 1 ${how === 'lock' ? sql`for update` : sql``}
    ) as known
  `.execute(tx);
  return new Map(found.rows.map((row) => [row.ghl_id, row]));
}

/** What is there is not missing, however little its sight is worth otherwise. */
async function noteSighted(tx: Transaction<Database>, place: MirrorPlace, ghlIds: string[]): Promise<void> {
  if (ghlIds.length === 0) return;
  await sql`
    update ${tableOf(place)} set missing_since = null
    where ${someAt(place)} and ghl_id = any(${ghlIds}::text[]) and missing_since is not null and deleted_at is null
  `.execute(tx);
}

/** What each table has besides, where it comes from, and by what a record is found in it. */
const OWN = {
  contacts: { columns: 'is_exact', values: 'is_exact', key: 'location_id, ghl_id' },
  messages: { columns: 'ghl_contact_id', values: 'ghl_contact_id', key: 'location_id, ghl_id, ghl_created_at' },
  mirror_records: {
    columns: 'ghl_contact_id, resource',
    values: `ghl_contact_id, '$resource'`,
    key: 'location_id, resource, ghl_id',
  },
} as const;

/** Observations as rows of a statement. */
const rows = (seen: readonly Observation[]): RawBuilder<unknown> => sql`json_to_recordset(${JSON.stringify(
  seen.map((each) => ({
    ghl_id: each.ghlId,
    ghl_contact_id: each.ghlContactId,
    fields: each.fields,
    ghl_created_at: each.ghlCreatedAt,
    ghl_updated_at: each.ghlUpdatedAt,
    observed_at: each.observedAt,
    is_exact: each.isExact,
  })),
)}::json) as seen (ghl_id text, ghl_contact_id text, fields jsonb, ghl_created_at timestamptz,
  ghl_updated_at timestamptz, observed_at timestamptz, is_exact boolean)`;

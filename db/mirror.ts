import { type RawBuilder, type Transaction, sql } from 'kysely';
import {
  type Fields,
  type FoundBy,
  type Judgement,
  judgeObservation,
  mergeListedContact,
  type MirroredResource,
  type Observation,
} from '../domain/mirror.ts';
import type { Database } from './schema.ts';

/** Whose records, and of which kind. */
export interface MirrorPlace {
  agencyId: string;
  locationId: string;
  resource: MirroredResource;
}

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
  deleted_at: Date | null;
}

/** Two writers of the same rows lock them in the same order. */
const byId = (a: Observation, b: Observation): number => (a.ghlId < b.ghlId ? -1 : Number(a.ghlId > b.ghlId));

/**
 * Writes what is newer than what is known and leaves the rest untouched, so that the order in which events, pages and
 * reads come does not matter. Of several observations of one record in a call the last one counts. Needs the scope of
 * the place's agency.
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
  const added = new Set(await insertNew(tx, place, latest, foundBy));
  const others = latest.filter(({ ghlId }) => !added.has(ghlId));
  const known = await lockKnown(tx, place, others);
  const judged = others.map((seen) => ({ seen, ...judgeAgainst(known.get(seen.ghlId), seen) }));
  await update(
    tx,
    place,
    judged.flatMap(({ write, seen }) => (write ? [believe(place, known.get(seen.ghlId), seen)] : [])),
  );
  await noteSighted(
    tx,
    place,
    judged.flatMap(({ seen, reason }) => (reason === 'same' || reason === 'older' ? [seen.ghlId] : [])),
  );
  const reasons = new Map(judged.map(({ seen, reason }) => [seen.ghlId, reason]));
  return latest.map(({ ghlId }) => ({ ghlId, judgement: reasons.get(ghlId) ?? 'new' }));
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
    update ${table(place)} set deleted_at = ${observedAt}, observed_at = ${observedAt}, missing_since = null
    where ${ofPlace(place)} and ghl_id = any(${[...ghlIds]}::text[])
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
  return judgeObservation(
    known && {
      ghlContactId: known.ghl_contact_id,
      fields: known.fields,
      ghlUpdatedAt: known.ghl_updated_at,
      observedAt: known.observed_at,
      isExact: known.is_exact,
      isDeleted: known.deleted_at !== null,
    },
    seen,
  );
}

function believe({ resource }: MirrorPlace, known: KnownRow | undefined, seen: Observation): Observation {
  if (resource !== 'contact' || seen.isExact) return seen;
  return { ...seen, fields: mergeListedContact(known?.fields, seen.fields) };
}

async function insertNew(
  tx: Transaction<Database>,
  place: MirrorPlace,
  seen: readonly Observation[],
  foundBy: FoundBy,
): Promise<string[]> {
  const { agencyId, locationId, resource } = place;
  const [columns, values] = OWN_COLUMNS[tableOf(resource)];
  const added = await sql<{ ghl_id: string }>`
    insert into ${table(place)}
      (agency_id, location_id, ghl_id, ghl_created_at, fields, ghl_updated_at, observed_at, found_by, ${sql.raw(columns)})
    select ${agencyId}::uuid, ${locationId}::uuid, ghl_id, ghl_created_at, fields, ghl_updated_at, observed_at,
      ${foundBy}, ${sql.raw(values.replace('$resource', resource))}
    from ${rows(seen)}
    on conflict do nothing
    returning ghl_id
  `.execute(tx);
  return added.rows.map((row) => row.ghl_id);
}

async function lockKnown(
  tx: Transaction<Database>,
  place: MirrorPlace,
  seen: readonly Observation[],
): Promise<Map<string, KnownRow>> {
  if (seen.length === 0) return new Map();
  const exact = sql.raw(place.resource === 'contact' ? 'is_exact' : 'true as is_exact');
  const contactId = sql.raw(place.resource === 'contact' ? 'ghl_id' : 'ghl_contact_id');
  const found = await sql<KnownRow>`
    select ghl_id, ${contactId} as ghl_contact_id, fields, ghl_updated_at, observed_at, ${exact}, deleted_at from ${table(place)}
    where ${ofPlace(place)} and ghl_id = any(${seen.map(({ ghlId }) => ghlId)}::text[])
    order by ghl_id for update
  `.execute(tx);
  return new Map(found.rows.map((row) => [row.ghl_id, row]));
}

async function update(tx: Transaction<Database>, place: MirrorPlace, seen: readonly Observation[]): Promise<void> {
  if (seen.length === 0) return;
  // A contact that was made here gets GHL's time of creation with the first sight of it there.
  const ofContact = 'is_exact = seen.is_exact, ghl_created_at = coalesce(known.ghl_created_at, seen.ghl_created_at)';
  const own =
    place.resource === 'contact' ? ofContact : 'ghl_contact_id = coalesce(seen.ghl_contact_id, known.ghl_contact_id)';
  await sql`
    update ${table(place)} as known
    set fields = seen.fields, ghl_updated_at = coalesce(seen.ghl_updated_at, known.ghl_updated_at),
      observed_at = seen.observed_at, missing_since = null, deleted_at = null, ${sql.raw(own)}
    from ${rows(seen)}
    where known.location_id = ${place.locationId} and known.ghl_id = seen.ghl_id ${andResource(place, 'known.')}
  `.execute(tx);
}

/** What is there is not missing, however little its sight is worth otherwise. */
async function noteSighted(tx: Transaction<Database>, place: MirrorPlace, ghlIds: string[]): Promise<void> {
  if (ghlIds.length === 0) return;
  await sql`
    update ${table(place)} set missing_since = null
    where ${ofPlace(place)} and ghl_id = any(${ghlIds}::text[]) and missing_since is not null and deleted_at is null
  `.execute(tx);
}

const tableOf = (resource: MirroredResource): 'contacts' | 'messages' | 'mirror_records' => {
  if (resource === 'contact') return 'contacts';
  return resource === 'message' ? 'messages' : 'mirror_records';
};
const table = ({ resource }: MirrorPlace) => sql.table(tableOf(resource));

/** What each table has besides, and where it comes from. */
const OWN_COLUMNS = {
  contacts: ['is_exact', 'is_exact'],
  messages: ['ghl_contact_id', 'ghl_contact_id'],
  mirror_records: ['ghl_contact_id, resource', `ghl_contact_id, '$resource'`],
} as const;

const andResource = (place: MirrorPlace, prefix = ''): RawBuilder<unknown> =>
  tableOf(place.resource) === 'mirror_records' ? sql`and ${sql.raw(prefix)}resource = ${place.resource}` : sql``;
const ofPlace = (place: MirrorPlace): RawBuilder<unknown> =>
  sql`location_id = ${place.locationId} ${andResource(place)}`;

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

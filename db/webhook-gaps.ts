import { type RawBuilder, type Transaction, sql } from 'kysely';
import type { GapKind, PolledResource } from '../domain/poll-rules.ts';
import type { Database } from './schema.ts';

type ToldBy = Record<GapKind, readonly string[]>;

/** A change that polling found. */
export interface FoundChange {
  ghlId: string;
  ghlContactId: string;
  kind: GapKind;
  changedAt: Date;
}

/** GHL's event and its record name times that differ by so much at most. */
const TOLERANCE = sql`interval '5 seconds'`;

/** The first event that told of a change: of a kind that tells it, about the record, and no older than the change. */
const toldAt = (change: string, types: RawBuilder<unknown>): RawBuilder<unknown> => {
  const of = (column: string) => sql.ref(`${change}.${column}`);
  return sql`(select min(e.received_at) from events e
    where e.location_id = ${of('location_id')} and e.ghl_record_id = ${of('ghl_id')} and e.source = 'ghl'
      and e.type = any(${types})
      and (${of('kind')} = 'deleted' or coalesce(e.occurred_at, e.received_at) >= ${of('changed_at')} - ${TOLERANCE}))`;
};

const typesOf = (change: string, toldBy: ToldBy): RawBuilder<unknown> => {
  const { created, updated, deleted } = toldBy;
  const list = (types: readonly string[]) => sql`${[...types]}::text[]`;
  return sql`case ${sql.ref(`${change}.kind`)} when 'created' then ${list(created)}
    when 'updated' then ${list(updated)} else ${list(deleted)} end`;
};

/**
 * Notes the changes of which no event has told so far. Repeating it changes nothing.
 * @param toldBy the events that tell of each kind
 */
export async function addGaps(
  tx: Transaction<Database>,
  of: { agencyId: string; locationId: string; resource: PolledResource; toldBy: ToldBy; foundAt: Date },
  changes: readonly FoundChange[],
): Promise<void> {
  if (changes.length === 0) return;
  const rows = changes.map((each) => ({
    location_id: of.locationId,
    ghl_id: each.ghlId,
    ghl_contact_id: each.ghlContactId,
    kind: each.kind,
    changed_at: each.changedAt,
  }));
  await sql`
    insert into webhook_gaps
      (agency_id, location_id, resource, ghl_id, ghl_contact_id, kind, changed_at, found_at)
    select ${of.agencyId}::uuid, found.location_id, ${of.resource}, found.ghl_id, found.ghl_contact_id, found.kind,
      found.changed_at, ${of.foundAt}
    from json_to_recordset(${JSON.stringify(rows)}::json) as found
      (location_id uuid, ghl_id text, ghl_contact_id text, kind text, changed_at timestamptz)
    where ${toldAt('found', typesOf('found', of.toldBy))} is null
    on conflict do nothing
  `.execute(tx);
}

/**
 * Closes the gaps of a location that an event has told of meanwhile. One that came within the grace was under way when
 * polling looked, and is forgotten.
 */
export async function settleGaps(
  tx: Transaction<Database>,
  of: { locationId: string; resource: PolledResource; toldBy: ToldBy; graceMs: number },
): Promise<void> {
  await sql`
    update webhook_gaps g set told_at = ${toldAt('g', typesOf('g', of.toldBy))}
    where g.location_id = ${of.locationId} and g.resource = ${of.resource} and g.told_at is null
      and g.found_at > now() - interval '14 days'
  `.execute(tx);
  await sql`
    delete from webhook_gaps where location_id = ${of.locationId} and resource = ${of.resource}
      and told_at <= found_at + make_interval(secs => ${of.graceMs / 1000})
  `.execute(tx);
}

/** A change that no event told in time. */
export interface WebhookGap {
  resource: string;
  ghlId: string;
  kind: GapKind;
  changedAt: Date;
  foundAt: Date;
  /** When an event told it late; null for not yet. */
  toldAt: Date | null;
}

/** The gaps of a location beyond the grace, newest first. */
export async function listGaps(
  tx: Transaction<Database>,
  locationId: string,
  { graceMs, limit, now }: { graceMs: number; limit: number; now: Date },
): Promise<WebhookGap[]> {
  return tx
    .selectFrom('webhook_gaps')
    .select(['resource', 'ghl_id as ghlId', 'kind', 'changed_at as changedAt', 'found_at as foundAt'])
    .select('told_at as toldAt')
    .where('location_id', '=', locationId)
    .where('found_at', '<=', new Date(now.getTime() - graceMs))
    .orderBy('found_at', 'desc')
    .orderBy('ghl_id')
    .limit(limit)
    .execute();
}

/** How many changes of a location no event has told, beyond the grace, in the last day. */
export async function countOpenGaps(
  tx: Transaction<Database>,
  locationId: string,
  { graceMs, now }: { graceMs: number; now: Date },
): Promise<number> {
  const found = await tx
    .selectFrom('webhook_gaps')
    .select((select) => select.fn.countAll<string>().as('gaps'))
    .where('location_id', '=', locationId)
    .where('told_at', 'is', null)
    .where('found_at', '<=', new Date(now.getTime() - graceMs))
    .where('found_at', '>', new Date(now.getTime() - 86_400_000))
    .executeTakeFirstOrThrow();
  return Number(found.gaps);
}

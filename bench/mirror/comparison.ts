import { type Kysely, sql } from 'kysely';
import type { Database } from '../../db/schema.ts';
import type { Picture, Wanted } from './ghl-picture.ts';
import { groupBy } from './group.ts';

/** What a row of the mirror says. */
export interface MirrorRow {
  ghlId: string;
  contactId: string | null;
  fields: Record<string, unknown>;
  createdAt: Date | null;
  updatedAt: Date | null;
  isExact: boolean;
}

export interface Difference {
  resource: string;
  /** `missing-here`, `missing-there`, `twice`, or the name of what differs. */
  kind: string;
  ghlId: string;
}

/** The rows of a location that are not marked deleted, by resource. */
export async function listMirror(ownerDb: Kysely<Database>, locationId: string): Promise<Record<string, MirrorRow[]>> {
  const found = await sql<MirrorRow & { resource: string }>`
    select 'contact' as resource, ghl_id as "ghlId", ghl_id as "contactId", fields, ghl_created_at as "createdAt",
      ghl_updated_at as "updatedAt", is_exact as "isExact"
    from contacts where location_id = ${locationId} and deleted_at is null
    union all
    select 'message', ghl_id, ghl_contact_id, fields, ghl_created_at, ghl_updated_at, true
    from messages where location_id = ${locationId} and deleted_at is null
    union all
    select resource, ghl_id, ghl_contact_id, fields, ghl_created_at, ghl_updated_at, true
    from mirror_records where location_id = ${locationId} and deleted_at is null
  `.execute(ownerDb);
  return Object.fromEntries(groupBy(found.rows, ({ resource }) => resource));
}

/** Compares one kind of record: every record once, every field of it, and what stands beside the fields. */
export function compareKind(resource: string, there: Picture, here: readonly MirrorRow[]): Difference[] {
  const differences: Difference[] = [];
  const say = (kind: string, ghlId: string) => differences.push({ resource, kind, ghlId });
  const seen = new Set<string>();
  for (const row of here) {
    if (seen.has(row.ghlId)) say('twice', row.ghlId);
    seen.add(row.ghlId);
    const wanted = there.get(row.ghlId);
    if (!wanted) say('missing-there', row.ghlId);
    else for (const name of differingNames(wanted, row)) say(name, row.ghlId);
  }
  for (const ghlId of there.keys()) if (!seen.has(ghlId)) say('missing-here', ghlId);
  return differences;
}

function differingNames(wanted: Wanted, row: MirrorRow): string[] {
  const names = new Set([...Object.keys(wanted.fields), ...Object.keys(row.fields)]);
  const fields = [...names].filter((name) => shape(wanted.fields[name]) !== shape(row.fields[name]));
  const beside = [
    ...(wanted.contactId === row.contactId ? [] : ['contact']),
    ...(isTime(wanted.createdAt, row.createdAt) ? [] : ['created']),
    ...(isTime(wanted.updatedAt, row.updatedAt) ? [] : ['updated']),
    ...(row.isExact ? [] : ['never-read']),
  ];
  return [...fields, ...beside];
}

const isTime = (wanted: string | undefined, held: Date | null): boolean =>
  wanted === undefined || Date.parse(wanted) === held?.getTime();

/** One text for what means the same: names in any order, and what is empty is nothing. */
function shape(value: unknown): string {
  return JSON.stringify(normal(value) ?? null);
}

function normal(value: unknown): unknown {
  if (value === null || value === undefined || value === '') return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((each) => normal(each) ?? null);
  if (typeof value !== 'object') return value;
  const entries = Object.entries(value)
    .map(([name, each]) => [name, normal(each)] as const)
    .filter(([, each]) => each !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Records that stand in more than one row whatever those say, messages through all their months, and leads of one contact. */
export async function findDoubled(ownerDb: Kysely<Database>, agencyId: string): Promise<Difference[]> {
  const found = await sql<Difference>`
    select 'contact' as resource, 'rows' as kind, ghl_id as "ghlId" from contacts
      where agency_id = ${agencyId} group by location_id, ghl_id having count(*) > 1
    union all
    select 'message', 'rows', ghl_id from messages
      where agency_id = ${agencyId} group by location_id, ghl_id having count(*) > 1
    union all
    select resource, 'rows', ghl_id from mirror_records
      where agency_id = ${agencyId} group by location_id, resource, ghl_id having count(*) > 1
    union all
    select 'lead', 'rows', source_contact_id from leads
      where agency_id = ${agencyId} and source_contact_id is not null
      group by source_contact_id having count(*) > 1
  `.execute(ownerDb);
  return found.rows;
}

import { type Kysely, sql } from 'kysely';
import { writeObservations } from '../db/mirror.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import type { Fields, Observation } from '../domain/mirror.ts';

/** Rows a second without GHL, without parsing and without a place to keep: what a backfill cannot be faster than. */
export interface WriteFloor {
  rows: number;
  /** By what the mirror is written with, each page in a transaction. */
  mirrorPerSecond: number;
  /** Into a table with the same columns and indexes, without looking at what it has, row-level security or foreign keys. */
  barePerSecond: number;
}

/** As a backfill reads: rows in a page, and readers side by side. */
const PAGE = 500;
const LANES = 4;
/** More would measure the same for longer. */
const MOST_ROWS = 100_000;

/** Writes the contacts of one location once more: as those of another one, and into a table of their own. */
export async function measureWriteFloor(
  { db, owner }: { db: Kysely<Database>; owner: Kysely<Database> },
  of: { agencyId: string; from: string; to: string },
): Promise<WriteFloor> {
  const { agencyId, from, to } = of;
  const seen = await readMirror(owner, from);
  const place = { agencyId, locationId: to, resource: 'contact' as const };
  const mirrorPerSecond = await time(seen, (page) =>
    withScope(db, { agencyId }, (tx) => writeObservations(tx, place, page, 'backfill')),
  );
  await sql`create table bare_contacts (like contacts including all)`.execute(owner);
  const barePerSecond = await time(seen, (page) => insertBare(owner, { agencyId, to }, page));
  await sql`drop table bare_contacts`.execute(owner);
  return { rows: seen.length, mirrorPerSecond, barePerSecond };
}

async function readMirror(owner: Kysely<Database>, locationId: string): Promise<Observation[]> {
  const { rows } = await sql<{
    ghl_id: string;
    fields: Fields;
    ghl_created_at: Date;
    ghl_updated_at: Date;
    observed_at: Date;
  }>`
    select ghl_id, fields, ghl_created_at, ghl_updated_at, observed_at from contacts
    where location_id = ${locationId} order by ghl_created_at limit ${MOST_ROWS}
  `.execute(owner);
  return rows.map((row) => ({
    ghlId: row.ghl_id,
    ghlContactId: row.ghl_id,
    fields: row.fields,
    ghlCreatedAt: row.ghl_created_at,
    ghlUpdatedAt: row.ghl_updated_at,
    observedAt: row.observed_at,
    isExact: false,
  }));
}

async function insertBare(
  owner: Kysely<Database>,
  { agencyId, to }: { agencyId: string; to: string },
  page: readonly Observation[],
): Promise<void> {
  await sql`
    insert into bare_contacts
      (agency_id, location_id, ghl_id, ghl_created_at, fields, ghl_updated_at, observed_at, found_by, is_exact)
    select ${agencyId}::uuid, ${to}::uuid, seen."ghlId", seen."ghlCreatedAt", seen.fields, seen."ghlUpdatedAt",
      seen."observedAt", 'backfill', false
    from json_to_recordset(${JSON.stringify(page)}::json) as seen ("ghlId" text, fields jsonb,
      "ghlCreatedAt" timestamptz, "ghlUpdatedAt" timestamptz, "observedAt" timestamptz)
  `.execute(owner);
}

/** @returns rows a second */
async function time(seen: readonly Observation[], write: (page: Observation[]) => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  const share = Math.ceil(seen.length / LANES);
  const lanes = Array.from({ length: LANES }, async (_, lane) => {
    const own = seen.slice(lane * share, (lane + 1) * share);
    for (let at = 0; at < own.length; at += PAGE) await write(own.slice(at, at + PAGE));
  });
  await Promise.all(lanes);
  return seen.length / ((performance.now() - startedMs) / 1_000);
}

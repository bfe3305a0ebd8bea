import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { KeyProvider } from '../crypto/key-ring.ts';
import type { Database } from './schema.ts';
import { withSystemRole } from './scope.ts';
import { SEALED_TABLES, type SealedTable } from './sealed-columns.ts';
import { listSealedRows, resealRows, type RowKey, type SealedRow, type UnreadableRow } from './sealed-rows.ts';

/** Only two bytes of a sealed value are read for these. */
const ROWS_LOOKED_AT_ONCE = 2_000;
/** Their locks are held for some milliseconds. An event's body is 256 KiB at most, so few fit comfortably. */
const ROWS_RESEALED_AT_ONCE = 50;
/** Those that somebody held come round again. */
const MOST_PASSES = 5;
const BETWEEN_PASSES_MS = 500;

/** All rows of a sealed table, a page at a time. */
async function* pagesOf(db: Kysely<Database>, table: SealedTable): AsyncGenerator<SealedRow[]> {
  let after: RowKey | null = null;
  let isLast = false;
  while (!isLast) {
    const from: RowKey | null = after;
    const page: SealedRow[] = await withSystemRole(db, 'rotate', (tx) =>
      listSealedRows(tx, table, from, ROWS_LOOKED_AT_ONCE),
    );
    yield page;
    after = page.at(-1)?.key ?? null;
    isLast = page.length < ROWS_LOOKED_AT_ONCE;
  }
}

export interface SealedCount {
  table: SealedTable['name'];
  /** Undefined: what nothing of ours has sealed. */
  version: number | undefined;
  /** A row that needs two versions counts for both. */
  rows: number;
}

/** How many rows need each key version, by table. Reads all sealed tables. */
export async function countSealedRows(db: Kysely<Database>): Promise<SealedCount[]> {
  const counts: SealedCount[] = [];
  for (const table of SEALED_TABLES) {
    const ofTable = new Map<number | undefined, number>();
    for await (const page of pagesOf(db, table)) {
      for (const version of page.flatMap((row) => row.versions)) ofTable.set(version, (ofTable.get(version) ?? 0) + 1);
    }
    for (const [version, rows] of ofTable) counts.push({ table: table.name, version, rows });
  }
  return counts;
}

export interface RotationProgress {
  table: SealedTable['name'];
  /** In this table and pass. */
  lookedAt: number;
  /** In all tables. */
  resealed: number;
}

export interface Rotation {
  resealed: number;
  /** Rows that do not open, as the last pass found them. */
  unreadable: UnreadableRow[];
  /** Rows that the last pass still found with another version, though they open: held by somebody, or just written. */
  unfinished: number;
}

/**
 * Re-seals every row that the current key did not seal. Goes on where a run before it was cut off, because the rows
 * themselves tell; readers and writers go on meanwhile. Ends with a pass that finds nothing to do, or after the fifth.
 */
export async function rotateSealedRows(
  db: Kysely<Database>,
  keys: KeyProvider,
  onProgress: (progress: RotationProgress) => void = () => {},
): Promise<Rotation> {
  let resealed = 0;
  for (let pass = 1; ; pass += 1) {
    const unreadable: UnreadableRow[] = [];
    let unfinished = 0;
    for (const table of SEALED_TABLES) {
      let lookedAt = 0;
      for await (const page of pagesOf(db, table)) {
        const old = page.filter((row) => row.versions.some((version) => version !== keys.currentVersion));
        for (let from = 0; from < old.length; from += ROWS_RESEALED_AT_ONCE) {
          const rowKeys = old.slice(from, from + ROWS_RESEALED_AT_ONCE).map(({ key }) => key);
          const done = await withSystemRole(db, 'rotate', (tx) => resealRows(tx, keys, table, rowKeys));
          resealed += done.resealed;
          unfinished += done.resealed + done.leftOut;
          unreadable.push(...done.unreadable);
          onProgress({ table: table.name, lookedAt: lookedAt + from + rowKeys.length, resealed });
        }
        lookedAt += page.length;
        onProgress({ table: table.name, lookedAt, resealed });
      }
    }
    if (unfinished === 0 || pass === MOST_PASSES) return { resealed, unreadable, unfinished };
    await sleep(BETWEEN_PASSES_MS);
  }
}

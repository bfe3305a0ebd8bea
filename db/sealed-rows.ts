import { type RawBuilder, type Transaction, sql } from 'kysely';
import { type KeyProvider, UnknownKeyVersionError } from '../crypto/key-ring.ts';
import { seal, sealedKeyVersion, UnsealError, unseal } from '../crypto/seal.ts';
import type { Database } from './schema.ts';
import type { SealedTable } from './sealed-columns.ts';

/** The primary key of a row as texts, in the order of `SealedTable.key`: a timestamp keeps its microseconds so. */
export type RowKey = string[];

export interface SealedRow {
  key: RowKey;
  /** The key versions of what is sealed in the row, each once; undefined for what nothing of ours has sealed. */
  versions: (number | undefined)[];
}

export interface UnreadableRow {
  table: SealedTable['name'];
  id: string;
  /** `Unseal`: changed, copied from another tenant or sealed by another key. `UnknownKeyVersion`: no such key here. */
  code: string;
}

const keyColumns = (table: SealedTable): RawBuilder<unknown> =>
  sql.join(Object.keys(table.key).map((name) => sql.ref(name)));
const keyValues = (table: SealedTable, key: RowKey): RawBuilder<unknown> =>
  sql.join(Object.values(table.key).map((type, index) => sql`${key[index]}::${sql.raw(type)}`));
const keyTexts = (table: SealedTable): RawBuilder<unknown> =>
  sql`array[${sql.join(Object.keys(table.key).map((name) => sql`${sql.ref(name)}::text`))}]`;

/** Two bytes of a value tell its key version; Postgres reads no more of a long one for them. */
const VERSION_BYTES = 2;

/**
 * The next rows after `after`, in the order of the primary key, with the key versions they need: at most `limit` are
 * looked at, sealed or not. Needs the rotate role, as all functions of this file.
 */
export async function listSealedRows(
  tx: Transaction<Database>,
  table: SealedTable,
  after: RowKey | null,
  limit: number,
): Promise<SealedRow[]> {
  const heads = Object.keys(table.columns).map((name) => sql`substring(${sql.ref(name)} from 1 for ${VERSION_BYTES})`);
  const found = await sql<{ key: RowKey; heads: (Buffer | null)[] }>`
    select ${keyTexts(table)} as key, array[${sql.join(heads)}] as heads from ${sql.table(table.name)}
    ${after ? sql`where (${keyColumns(table)}) > (${keyValues(table, after)})` : sql``}
    order by ${keyColumns(table)} limit ${limit}
  `.execute(tx);
  return found.rows.map(({ key, heads: bytes }) => ({
    key,
    versions: [...new Set(bytes.filter((head) => head !== null).map(sealedKeyVersion))],
  }));
}

interface OpenableRow {
  key: RowKey;
  agency_id: string | null;
  location_id: string | null;
  sealed: (Buffer | null)[];
}

/**
 * Seals rows anew with the current key, under their locks: who refreshes a token at the same moment comes before, and is
 * re-sealed, or after, and replaces it. A row that somebody else holds is left out instead of waited for, so that nobody
 * ever waits in a circle. Safe to repeat and to run twice at once.
 * @returns how many were re-sealed and how many were left out, held by somebody or deleted; and those that do not open
 */
export async function resealRows(
  tx: Transaction<Database>,
  keys: KeyProvider,
  table: SealedTable,
  rowKeys: RowKey[],
): Promise<{ resealed: number; leftOut: number; unreadable: UnreadableRow[] }> {
  const of = (name: 'agency_id' | 'location_id') =>
    table.tenant.includes(name) ? sql.ref(name) : sql`null::uuid as ${sql.ref(name)}`;
  const tenant = sql`${of('agency_id')}, ${of('location_id')}`;
  const columns = Object.keys(table.columns).map((name) => sql.ref(name));
  const held = await sql<OpenableRow>`
    select ${keyTexts(table)} as key, ${tenant}, array[${sql.join(columns)}] as sealed from ${sql.table(table.name)}
    where (${keyColumns(table)}) in (${sql.join(rowKeys.map((key) => sql`(${keyValues(table, key)})`))})
    for no key update skip locked
  `.execute(tx);
  const unreadable: UnreadableRow[] = [];
  const changes: { key: RowKey; sealed: (Buffer | null)[] }[] = [];
  for (const row of held.rows) {
    const { sealed, code } = resealRow(keys, table, row);
    if (code !== undefined) unreadable.push({ table: table.name, id: row.key.at(-1)!, code });
    if (sealed.some((value) => value !== null)) changes.push({ key: row.key, sealed });
  }
  if (changes.length > 0) await storeSealed(tx, table, changes);
  return { resealed: changes.length, leftOut: rowKeys.length - held.rows.length, unreadable };
}

/** The row's columns sealed anew, null where nothing changes; and why one of them does not open. */
function resealRow(
  keys: KeyProvider,
  table: SealedTable,
  row: OpenableRow,
): { sealed: (Buffer | null)[]; code?: string } {
  const sealed: (Buffer | null)[] = [];
  let code: string | undefined;
  for (const [index, purpose] of Object.values(table.columns).entries()) {
    const owner = { agencyId: row.agency_id, locationId: row.location_id, purpose };
    const value = row.sealed[index] ?? null;
    sealed.push(null);
    if (value === null || sealedKeyVersion(value) === keys.currentVersion) continue;
    try {
      sealed[index] = seal(keys, unseal(keys, value, owner), owner);
    } catch (error) {
      if (!(error instanceof UnsealError || error instanceof UnknownKeyVersionError)) throw error;
      code = error.code;
    }
  }
  return code === undefined ? { sealed } : { sealed, code };
}

async function storeSealed(
  tx: Transaction<Database>,
  table: SealedTable,
  changes: { key: RowKey; sealed: (Buffer | null)[] }[],
): Promise<void> {
  const names = Object.keys(table.columns);
  const given = [...Object.keys(table.key).map((name) => `key_${name}`), ...names.map((name) => `new_${name}`)];
  const rows = changes.map(({ key, sealed }) => {
    const values = sql.join(sealed.map((value) => sql`${value}::bytea`));
    return sql`(${keyValues(table, key)}, ${values})`;
  });
  const sets = names.map(
    (name) => sql`${sql.ref(name)} = coalesce(given.${sql.ref(`new_${name}`)}, stored.${sql.ref(name)})`,
  );
  const same = Object.keys(table.key).map((name) => sql`stored.${sql.ref(name)} = given.${sql.ref(`key_${name}`)}`);
  await sql`
    update ${sql.table(table.name)} as stored set ${sql.join(sets)}
    from (values ${sql.join(rows)}) as given (${sql.join(given.map((name) => sql.ref(name)))})
    where ${sql.join(same, sql` and `)}
  `.execute(tx);
}

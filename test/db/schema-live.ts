import { type Kysely, sql } from 'kysely';
import type { Database } from '../../db/schema.ts';
import type { ColumnShape, SchemaShape } from './schema-types.ts';

/** What pg makes of a column. */
const KINDS: Record<string, string> = {
  uuid: 'string',
  text: 'string',
  int8: 'string',
  int2: 'number',
  int4: 'number',
  float8: 'number',
  bool: 'boolean',
  timestamptz: 'Date',
  bytea: 'Buffer',
  jsonb: 'json',
  _text: 'string[]',
};

/** Columns that a trigger fills. */
const FILLED = ['audit_log.sequence', 'audit_log.previous_hash', 'audit_log.hash'];

/** What the database says of its tables; partitions and the migrator's own are left out. */
export async function readLiveSchema(db: Kysely<Database>): Promise<SchemaShape> {
  const columns = await sql<{
    table: string;
    column: string;
    type: string;
    nullable: boolean;
    optional: boolean;
    checks: string[];
  }>`
    select c.relname as table, a.attname as column, t.typname as type, not a.attnotnull as nullable,
      not a.attnotnull or a.atthasdef or a.attidentity <> '' or c.relname || '.' || a.attname = any(${sql.val(FILLED)}) as optional,
      array(select pg_get_constraintdef(k.oid) from pg_constraint k
        where k.conrelid = c.oid and k.contype = 'c' and k.conkey = array[a.attnum]) as checks
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join pg_type t on t.oid = a.atttypid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and c.relname not like 'kysely%' and c.relname <> 'monthly_tables'
  `.execute(db);
  const shape: SchemaShape = {};
  for (const { table, column, type, nullable, optional, checks } of columns.rows) {
    const words = readWords(checks);
    const described: ColumnShape = { kind: KINDS[type] ?? type, nullable, optional, ...(words && { words }) };
    shape[table] = { ...shape[table], [column]: described };
  }
  return shape;
}

/** The words of `check (column in ('a', 'b'))`. */
function readWords(checks: string[]): string[] | undefined {
  const list = checks.find((check) => check.includes('= ANY (ARRAY['));
  return list === undefined ? undefined : [...list.matchAll(/'([^']+)'/g)].map(([, word]) => word!).sort();
}

/** Where the types and the database differ, one sentence each. */
export function compareSchemas(typed: SchemaShape, live: SchemaShape): string[] {
  const differences: string[] = [];
  for (const table of new Set([...Object.keys(typed), ...Object.keys(live)])) {
    const [ours, theirs] = [typed[table], live[table]];
    if (!ours || !theirs) {
      differences.push(ours ? `${table} is not in the database` : `${table} is not in the types`);
      continue;
    }
    for (const column of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
      const difference = compareColumns(ours[column], theirs[column]);
      if (difference !== undefined) differences.push(`${table}.${column} ${difference}`);
    }
  }
  return differences.sort();
}

function compareColumns(ours: ColumnShape | undefined, theirs: ColumnShape | undefined): string | undefined {
  if (!ours) return 'is not in the types';
  if (!theirs) return 'is not in the database';
  if (ours.kind !== theirs.kind) return `is ${ours.kind} in the types and ${theirs.kind} in the database`;
  if (ours.nullable !== theirs.nullable) return `may ${theirs.nullable ? '' : 'not '}be null in the database`;
  // Asking for a value that the database would fill is allowed; leaving one out that it wants is not.
  if (ours.optional && !theirs.optional) return 'may be left out by the types, but the database wants it';
  if (!theirs.words) return undefined;
  const [mine, its] = [ours.words?.join(', '), theirs.words.join(', ')];
  return mine === its ? undefined : `is one of ${mine ?? 'any'} in the types, of ${its} in the database`;
}

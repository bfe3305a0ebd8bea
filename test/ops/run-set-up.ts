import { readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import { createDatabase } from '../../db/database.ts';
import { repository } from './compose.ts';

/**
 * Does what psql does with ops/postgres/10-set-up.sql: variables from files by `\set`, put in as literals; statement by
 * statement.
 * @param secretOf what a file of secrets holds
 */
export async function runSetUp(url: string, secretOf: (name: string) => Promise<string>): Promise<void> {
  const text = await readFile(new URL('ops/postgres/10-set-up.sql', repository), 'utf8');
  const variables = new Map<string, string>();
  for (const [, name, file] of text.matchAll(/^\\set (\w+) `cat \/run\/secrets\/(\w+)`$/gm)) {
    variables.set(name!, await secretOf(file!));
  }
  const statements = text
    .replace(/^(--|\\).*$/gm, '')
    .replace(/:'(\w+)'/g, (_, name: string) => `'${variables.get(name)!}'`)
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
  const db = createDatabase({ url, poolSize: 1 });
  for (const statement of statements) await sql.raw(statement).execute(db);
  await db.destroy();
}

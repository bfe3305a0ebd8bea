import { type Kysely, sql } from 'kysely';
import type { Database } from '../../db/schema.ts';
import type { Evidence } from './evidence.ts';
import { listNames, listValues } from './used-values.ts';

/** The persons and reps of a database as the system keeps them: normalised, and also those that came in no other way. */
export async function hearPeople(db: Kysely<Database>, evidence: Evidence): Promise<void> {
  // A test of the migrations may have taken the tables down.
  const found = await sql<{ table: string | null }>`select to_regclass('persons')::text as table`.execute(db);
  if (found.rows[0]?.table == null) return;
  const persons = await db.selectFrom('persons').select(['first_name', 'last_name', 'email', 'phone']).execute();
  for (const { first_name, last_name, email, phone } of persons) {
    evidence.use(listValues({ email, phone }));
    evidence.use(listNames(first_name, last_name));
  }
  evidence.use(listValues(await db.selectFrom('reps').select(['name', 'email']).execute()));
}

import { randomBytes } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { inject } from 'vitest';
import { createDatabase } from '../../db/database.ts';
import type { Database } from '../../db/schema.ts';
import { suiteEvidence } from '../leaks/evidence.ts';
import { hearPeople } from '../leaks/hear-people.ts';
import { databaseUrl, TEMPLATE_DATABASE, TEST_LOGIN } from './template.ts';

export interface TestDatabase {
  /** Connects as the running processes do: without a scope it may read nothing. */
  db: Kysely<Database>;
  /** Connects as the superuser, for arranging and looking. */
  ownerDb: Kysely<Database>;
  url: string;
  ownerUrl: string;
  drop(): Promise<void>;
}

/** How long a connection may take on a machine that all tests share. What is tested of waiting for one has its own pool. */
const BUSY_POSTGRES_MS = 20_000;

/** A fresh copy of the migrated database, for one test file. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const serverUrl = inject('postgresUrl');
  const name = `test_${randomBytes(6).toString('hex')}`;
  const server = createDatabase({ url: serverUrl, poolSize: 1, connectTimeoutMs: BUSY_POSTGRES_MS });
  // Copying the files takes half the time of writing their pages anew, through the log.
  await sql`create database ${sql.id(name)} template ${sql.id(TEMPLATE_DATABASE)} strategy file_copy`.execute(server);
  const url = databaseUrl(serverUrl, name, TEST_LOGIN);
  const ownerUrl = databaseUrl(serverUrl, name);
  const db = createDatabase({ url, connectTimeoutMs: BUSY_POSTGRES_MS });
  const ownerDb = createDatabase({ url: ownerUrl, poolSize: 4, connectTimeoutMs: BUSY_POSTGRES_MS });
  return {
    db,
    ownerDb,
    url,
    ownerUrl,
    async drop() {
      if (suiteEvidence.isKept) await hearPeople(ownerDb, suiteEvidence);
      await db.destroy();
      await ownerDb.destroy();
      await sql`drop database ${sql.id(name)} with (force)`.execute(server);
      await server.destroy();
    },
  };
}

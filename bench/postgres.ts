import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { createDatabase } from '../db/database.ts';
import { grantLogin, migrateToLatest } from '../db/migrate.ts';
import { startPostgres } from '../scripts/stack/postgres.ts';

const COUNTING = { shared_preload_libraries: 'pg_stat_statements' };
const LOGIN = { name: 'switchyard_bench', password: 'switchyard_bench' };

export interface BenchDatabase {
  /** As the running processes connect. */
  url: string;
  ownerUrl: string;
  /** For files of the run; removed when it is stopped. */
  folder: string;
  stop(): Promise<void>;
}

/**
 * A Postgres of the benchmark's own, migrated, with the settings a real one has: commits are on disk when they return. It
 * counts statements in `pg_stat_statements`, which costs a few hundredths.
 */
export async function startBenchDatabase(log: (line: string) => void): Promise<BenchDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-bench-'));
  const postgres = await startPostgres({ dataDir: join(folder, 'postgres'), port: 0, settings: COUNTING, log });
  const owner = createDatabase({ url: postgres.ownerUrl, poolSize: 1 });
  await sql`create extension pg_stat_statements`.execute(owner);
  await migrateToLatest(owner);
  await grantLogin(owner, LOGIN);
  await owner.destroy();
  const url = new URL(postgres.ownerUrl);
  url.username = LOGIN.name;
  url.password = LOGIN.password;
  return {
    url: url.href,
    ownerUrl: postgres.ownerUrl,
    folder,
    async stop() {
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

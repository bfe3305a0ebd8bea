import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase } from '../db/database.ts';
import { grantLogin, migrateToLatest } from '../db/migrate.ts';
import { startPostgres } from '../scripts/stack/postgres.ts';

const LOGIN = { name: 'switchyard_bench', password: 'switchyard_bench' };

export interface BenchDatabase {
  /** As the running processes connect. */
  url: string;
  ownerUrl: string;
  /** For files of the run; removed when it is stopped. */
  folder: string;
  stop(): Promise<void>;
}

/** A Postgres of the benchmark's own, migrated, with the settings a real one has: commits are on disk when they return. */
export async function startBenchDatabase(log: (line: string) => void): Promise<BenchDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-bench-'));
  const postgres = await startPostgres({ dataDir: join(folder, 'postgres'), port: 0, log });
  const owner = createDatabase({ url: postgres.ownerUrl, poolSize: 1 });
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

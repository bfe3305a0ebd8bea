import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Connection } from '@temporalio/client';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runMigration } from '../../cli/migration.ts';
import { createDatabase } from '../../db/database.ts';
import { checkDatabase } from '../../db/readiness.ts';
import { withSystemRole } from '../../db/scope.ts';
import { type Postgres, startPostgres } from '../../scripts/stack/postgres.ts';
import { resolveTemporalBinary } from '../../scripts/stack/temporal-binary.ts';
import { SEARCH_ATTRIBUTES, startTemporal, type Temporal } from '../../scripts/stack/temporal.ts';
import { recordTerminal } from '../cli/harness.ts';
import { repository } from './compose.ts';
import { runSetUp } from './run-set-up.ts';

const runFile = promisify(execFile);
const log = (): void => {};
const pathOf = (path: string): string => fileURLToPath(new URL(path, repository));
const secretOf = async (name: string): Promise<string> =>
  (await readFile(join(folder, 'secrets', name), 'utf8')).trim();

let folder: string;
beforeAll(async () => {
  const home = pathOf('.switchyard/set-up-test');
  await mkdir(home, { recursive: true });
  folder = await mkdtemp(join(home, 'run-'));
  await runFile('sh', [pathOf('ops/make-secrets.sh'), join(folder, 'secrets')]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('Postgres as the containers set it up', () => {
  let postgres: Postgres;
  beforeAll(async () => {
    const dataDir = join(folder, 'postgres');
    postgres = await startPostgres({ dataDir, port: 0, database: 'postgres', unsafeAndFast: true, log });
    await runSetUp(postgres.ownerUrl, secretOf);
    for (const name of ['database_owner_url', 'database_url']) {
      const here = (await secretOf(name)).replace('@postgres:5432/', `@127.0.0.1:${postgres.port}/`);
      await writeFile(join(folder, name), `${here}\n`);
    }
  });
  afterAll(() => postgres.stop());

  const urlOf = async (name: string): Promise<string> => (await readFile(join(folder, name), 'utf8')).trim();
  const ask = async <T>(url: string, query: string): Promise<T[]> => {
    const db = createDatabase({ url, poolSize: 1 });
    try {
      return (await sql.raw<T>(query).execute(db)).rows;
    } finally {
      await db.destroy();
    }
  };

  it('is migrated by a login that is no superuser, from addresses in files, and serves the processes’ login', async () => {
    const { terminal, written } = recordTerminal({
      environment: {
        DATABASE_OWNER_URL_FILE: join(folder, 'database_owner_url'),
        DATABASE_URL_FILE: join(folder, 'database_url'),
      },
      folder: '/nowhere',
    });
    expect({ code: await runMigration([], terminal), error: written.error }).toEqual({ code: 0, error: '' });
    const db = createDatabase({ url: await urlOf('database_url'), poolSize: 1 });
    expect(await checkDatabase(db)).toBe('current');
    expect(await withSystemRole(db, 'intake', (tx) => tx.selectFrom('agencies').select('id').execute())).toEqual([]);
    await db.destroy();
    const roles = await ask<{ rolname: string }>(
      postgres.ownerUrl,
      `select rolname from pg_roles where rolsuper or (rolbypassrls and rolname <> 'switchyard_migrations')`,
    );
    expect(roles).toEqual([{ rolname: 'postgres' }]);
  });

  it('keeps Temporal’s databases and ours apart', async () => {
    const other = new URL(await urlOf('database_url'));
    other.pathname = '/temporal';
    await expect(ask(other.href, 'select 1')).rejects.toThrow('permission denied for database');
    const temporal = new URL(postgres.ownerUrl);
    temporal.username = 'temporal';
    temporal.password = await secretOf('temporal_database_password');
    temporal.pathname = '/temporal_visibility';
    await ask(temporal.href, 'create table made_by_temporal (id int)');
    temporal.pathname = '/switchyard';
    await expect(ask(temporal.href, 'select id from agencies')).rejects.toThrow('permission denied for table');
  });

  it('tells which file of a migration cannot be read, and not what is in the others', async () => {
    const environment = {
      DATABASE_OWNER_URL_FILE: join(folder, 'database_owner_url'),
      DATABASE_URL_FILE: join(folder, 'nowhere'),
    };
    const { terminal, written } = recordTerminal({ environment, folder: '/nowhere' });
    expect(await runMigration([], terminal)).toBe(1);
    expect(written.error).toContain('DATABASE_URL_FILE: the file cannot be read (ENOENT)');
  });
});

describe('Temporal as the containers set it up', () => {
  let temporal: Temporal;
  let environment: NodeJS.ProcessEnv;
  beforeAll(async () => {
    const binary = await resolveTemporalBinary(log);
    await mkdir(join(folder, 'bin'));
    await symlink(binary, join(folder, 'bin', 'temporal'));
    const dataDir = join(folder, 'temporal');
    temporal = await startTemporal({
      dataDir,
      port: 0,
      namespace: 'default',
      searchAttributes: [],
      inMemory: true,
      log,
    });
    environment = {
      HOME: folder,
      PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH']}`,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: 'switchyard',
    };
  });
  afterAll(() => temporal.stop());

  it('has the namespace with its search attributes, also when it is set up again', async () => {
    for (let run = 0; run < 2; run++)
      await runFile('sh', [pathOf('ops/temporal/set-up-namespace.sh')], { env: environment });
    const connection = await Connection.connect({ address: temporal.address });
    const request = { namespace: 'switchyard' };
    const { customAttributes } = await connection.operatorService.listSearchAttributes(request);
    expect(Object.keys(customAttributes).sort()).toEqual([...SEARCH_ATTRIBUTES].sort());
    const { config } = await connection.workflowService.describeNamespace(request);
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(30 * 86_400);
    await connection.close();
  });
});

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CAPABILITY } from '../../client/search-attributes.ts';
import { type Postgres, startPostgres } from '../../scripts/stack/postgres.ts';
import { type RunningProcess, startProcess } from '../../scripts/stack/process.ts';
import { resolveTemporalBinary } from '../../scripts/stack/temporal-binary.ts';
import { waitFor } from '../stack/wait.ts';
import { environmentOf, readCompose, repository } from './compose.ts';
import { runSetUp } from './run-set-up.ts';

/**
 * Folder with the programs that Temporal's images hold, `temporal-server` and `temporal-sql-tool`, and their `schema`.
 * CONTRIBUTING.md says how they are built. What `npm start` runs is another build of the server, on SQLite.
 */
const programs = process.env['TEMPORAL_SERVER_FOLDER'];

const runFile = promisify(execFile);
const log = (): void => {};
const pathOf = (path: string): string => fileURLToPath(new URL(path, repository));
/** The server's own ports, as in its container: it keeps those of its services in a column that takes none above 32767. */
const address = '127.0.0.1:7233';

describe.skipIf(programs === undefined)('Temporal’s server on Postgres as the containers run it', () => {
  let folder: string;
  let postgres: Postgres;
  let environment: Record<string, string>;
  let server: RunningProcess;
  let connection: Connection;

  const secretOf = async (name: string): Promise<string> =>
    (await readFile(join(folder, 'secrets', name), 'utf8')).trim();

  async function startServer(): Promise<void> {
    const command = join(programs!, 'temporal-server');
    const files = { logFile: join(folder, 'temporal-server.log'), recordFolder: join(folder, 'run') };
    server = await startProcess({ name: 'Temporal’s server', command, args: ['start'], env: environment, ...files });
    await waitFor('the server to serve', async () => {
      const tried = await Connection.connect({ address, connectTimeout: '1 second' });
      try {
        return await tried.workflowService.getClusterInfo({});
      } finally {
        await tried.close();
      }
    });
  }

  beforeAll(async () => {
    const home = pathOf('.switchyard/temporal-server-test');
    await mkdir(home, { recursive: true });
    folder = await mkdtemp(join(home, 'run-'));
    await runFile('sh', [pathOf('ops/make-secrets.sh'), join(folder, 'secrets')]);
    const dataDir = join(folder, 'postgres');
    const settings = { max_connections: '200' };
    postgres = await startPostgres({ dataDir, port: 0, database: 'postgres', unsafeAndFast: true, settings, log });
    await runSetUp(postgres.ownerUrl, secretOf);
    const { services } = await readCompose({ API_PUBLIC_URL: 'https://switchyard.example' });

    const tools = {
      ...environmentOf(services['temporal-schema']!),
      SQL_HOST: '127.0.0.1',
      SQL_PORT: String(postgres.port),
      SQL_PASSWORD_FILE: join(folder, 'secrets', 'temporal_database_password'),
      TEMPORAL_SCHEMA: join(programs!, 'schema'),
      PATH: `${programs}${delimiter}${process.env['PATH']}`,
    };
    // It is run before every newer server, so it has to bear being run again.
    for (let run = 0; run < 2; run++) await runFile('sh', [pathOf('ops/temporal/set-up-schema.sh')], { env: tools });

    environment = {
      ...environmentOf(services['temporal']!),
      POSTGRES_SEEDS: '127.0.0.1',
      DB_PORT: String(postgres.port),
      POSTGRES_PWD: await secretOf('temporal_database_password'),
      BIND_ON_IP: '127.0.0.1',
      DYNAMIC_CONFIG_FILE_PATH: pathOf('ops/temporal/dynamic-config.yaml'),
    };
    await startServer();
    await mkdir(join(folder, 'bin'));
    await symlink(await resolveTemporalBinary(log), join(folder, 'bin', 'temporal'));
    const cli = {
      HOME: folder,
      PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH']}`,
      TEMPORAL_ADDRESS: address,
      TEMPORAL_NAMESPACE: 'switchyard',
    };
    for (let run = 0; run < 2; run++) await runFile('sh', [pathOf('ops/temporal/set-up-namespace.sh')], { env: cli });
  });
  afterAll(async () => {
    await connection?.close();
    await server?.stop();
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('keeps a workflow through its own end, and finds it by our search attributes', async () => {
    const start = async (): Promise<Client> => {
      connection = await Connection.connect({ address });
      return new Client({ connection, namespace: 'switchyard' });
    };
    const workflowId = 'kept';
    const search = { typedSearchAttributes: [{ key: CAPABILITY, value: 'lead-intake' }] };
    const first = await start();
    // The frontend hears of a namespace's new search attributes within a minute.
    await waitFor(
      'the search attributes to be known',
      () => first.workflow.start('any', { workflowId, taskQueue: 'none', ...search }),
      90_000,
    );
    await connection.close();
    await server.stop();
    await startServer();
    const client = await start();
    expect((await client.workflow.getHandle(workflowId).describe()).status.name).toBe('RUNNING');
    await waitFor('the list', async () => {
      const { count } = await client.workflow.count(`Capability = 'lead-intake'`);
      return count === 1;
    });
  }, 240_000);
});

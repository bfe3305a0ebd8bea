import { AsyncLocalStorage } from 'node:async_hooks';
import type { CompiledQuery, Kysely, QueryResult, Transaction } from 'kysely';
import type { Statement } from './kept-plans.ts';
import type { Database } from './schema.ts';

type Tx = Transaction<Database>;
type Work<T> = (tx: Tx) => Promise<T>;

/** Whose rows a transaction may see: an agency's, or one location's of it. It comes from the credential, never from a URL. */
export interface Scope {
  agencyId: string;
  locationId?: string;
}

/**
 * Work that must see several tenants has a database role of its own each, with the narrowest policies that do; 'app'
 * without a scope sees no tenant at all, only what belongs to none.
 */
export type SystemRole = 'intake' | 'relay' | 'upkeep' | 'operators' | 'rotate' | 'app';

/** How much a transaction does, where that is known before. */
export type Extent = 'one statement';

/** What goes out before the first statement of a transaction, in the same message. */
export interface Opening {
  statements: readonly string[];
  extent: Extent | undefined;
  /** The connection keeps the plans of the statements that ask for it. */
  keepsPlans: boolean;
}

/**
 * What Postgres itself ends. Nobody else does for a process that has vanished or stands still: its locks, an agency's routing
 * among them, would be held until the network gives its connection up, by default after two hours. And a statement that still
 * waits for a lock must not be done, and committed, when who asked has long given it up (15 s) and asked again elsewhere.
 */
const LIMITS = { statement_timeout: '14s', idle_in_transaction_session_timeout: '30s' };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/**
 * One plan for all values. It may be made while the tables are empty, and holds until Postgres counts them again, so that none
 * may read a whole table.
 */
const KEPT_PLANS = { plan_cache_mode: 'force_generic_plan', enable_seqscan: 'off' };
const beginning = new AsyncLocalStorage<Opening>();
const lastStatements = new WeakSet<CompiledQuery>();

/** What opens the transaction that is being begun; undefined outside the functions below. */
export const openingOfTransaction = (): Opening | undefined => beginning.getStore();

/** Whether a statement was given to `commitWith`. */
export const isLastStatement = (query: CompiledQuery): boolean => lastStatements.has(query);

const uuid = (id: string): string => {
  if (!UUID.test(id)) throw new TypeError('a scope takes lower-case UUIDs');
  return id;
};

/**
 * Runs `work` in a transaction that sees the rows of `scope` and nothing else. The login itself may read nothing:
 * a query outside a scope is refused by Postgres. Nothing is sent before the first statement of `work`.
 * @param extent that `work` is one statement, which makes all of it one round trip @throws TransactionOverError when it is more
 */
export function withScope<T>(db: Kysely<Database>, scope: Scope, work: Work<T>, extent?: Extent): Promise<T> {
  return inTransaction(db, { settings: settingsOf(scope), extent }, work);
}

/**
 * Does so in a transaction whose commit does not wait for the disk: for what may be forgotten when Postgres crashes, within
 * about half a second of it. Others see it at once, like any commit.
 */
export function withBriefScope<T>(db: Kysely<Database>, scope: Scope, work: Work<T>): Promise<T> {
  return inTransaction(db, { settings: { ...settingsOf(scope), synchronous_commit: 'off' } }, work);
}

/** Runs `work` in a transaction as a system role. @param extent as of `withScope` */
export function withSystemRole<T>(db: Kysely<Database>, role: SystemRole, work: Work<T>, extent?: Extent): Promise<T> {
  const settings = { role: `switchyard_${role}` };
  if (role !== 'intake') return inTransaction(db, { settings, extent }, work);
  return inTransaction(db, { settings: { ...settings, ...KEPT_PLANS }, extent, keepsPlans: true }, work);
}

/**
 * Runs the last statement of a transaction and commits in the same message. Nothing of `work` may fail after it, for what it
 * did would stand, and nothing may follow it: that raises TransactionOverError. When its answer is lost it may
 * have been committed, as with any commit.
 */
export function commitWith<Row>(tx: Tx, query: Statement<Row>): Promise<QueryResult<Row>> {
  const compiled = query.compile(tx);
  lastStatements.add(compiled);
  return tx.executeQuery(compiled);
}

function settingsOf({ agencyId, locationId }: Scope): Record<string, string> {
  const location = locationId === undefined ? '' : uuid(locationId);
  return { role: 'switchyard_app', 'app.agency_id': uuid(agencyId), 'app.location_id': location };
}

/** What is set for this transaction alone, as by `set local`, but in one statement: each costs its time on both sides. */
function openWith(settings: Record<string, string>): string[] {
  const set = Object.entries({ ...settings, ...LIMITS }).map(
    ([name, value]) => `set_config('${name}', '${value}', true)`,
  );
  return ['begin', `select ${set.join(', ')}`];
}

interface TransactionWay {
  settings: Record<string, string>;
  extent?: Extent | undefined;
  keepsPlans?: boolean;
}

function inTransaction<T>(
  db: Kysely<Database>,
  { settings, extent, keepsPlans = false }: TransactionWay,
  work: Work<T>,
): Promise<T> {
  const opening = { statements: openWith(settings), extent, keepsPlans };
  return beginning.run(opening, () => db.transaction().execute((tx) => beginning.exit(() => work(tx))));
}

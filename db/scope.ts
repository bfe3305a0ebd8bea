import { AsyncLocalStorage } from 'node:async_hooks';
import type { Kysely, Transaction } from 'kysely';
import type { Database } from './schema.ts';

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

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const opening = new AsyncLocalStorage<string>();

/** What the driver sends to open the transaction that is being begun; undefined outside `withScope` and `withSystemRole`. */
export const openingStatement = (): string | undefined => opening.getStore();

const uuid = (id: string): string => {
  if (!UUID.test(id)) throw new TypeError('a scope takes lower-case UUIDs');
  return id;
};

/**
 * Runs `work` in a transaction that sees the rows of `scope` and nothing else. The login itself may read nothing:
 * a query outside a scope is refused by Postgres.
 */
export function withScope<T>(
  db: Kysely<Database>,
  scope: Scope,
  work: (tx: Transaction<Database>) => Promise<T>,
): Promise<T> {
  return inTransaction(db, openScope(scope), work);
}

/**
 * Does so in a transaction whose commit does not wait for the disk: for what may be forgotten when Postgres crashes, within
 * about half a second of it. Others see it at once, like any commit.
 */
export function withBriefScope<T>(
  db: Kysely<Database>,
  scope: Scope,
  work: (tx: Transaction<Database>) => Promise<T>,
): Promise<T> {
  return inTransaction(db, `${openScope(scope)}; set local synchronous_commit = off`, work);
}

/** Runs `work` in a transaction as a system role. */
export function withSystemRole<T>(
  db: Kysely<Database>,
  role: SystemRole,
  work: (tx: Transaction<Database>) => Promise<T>,
): Promise<T> {
  return inTransaction(db, `begin; set local role switchyard_${role}`, work);
}

function openScope({ agencyId, locationId }: Scope): string {
  const location = locationId === undefined ? '' : uuid(locationId);
  return `begin; set local role switchyard_app; set local app.agency_id = '${uuid(agencyId)}'; set local app.location_id = '${location}'`;
}

function inTransaction<T>(
  db: Kysely<Database>,
  statement: string,
  work: (tx: Transaction<Database>) => Promise<T>,
): Promise<T> {
  return opening.run(statement, () => db.transaction().execute((tx) => opening.exit(() => work(tx))));
}

import { type Transaction, sql } from 'kysely';
import type { Database } from './schema.ts';
import type { ApiKeyRole } from './schema/tenants.ts';

export interface NewApiKey {
  id: string;
  agencyId: string;
  locationId: string | null;
  role: ApiKeyRole;
  name: string;
  /** SHA-256 of the key; the key itself is shown once and never stored. */
  hash: Buffer;
  expiresAt: Date | null;
}

/** Stores a key's hash. */
export async function createApiKey(tx: Transaction<Database>, key: NewApiKey): Promise<void> {
  await tx
    .insertInto('api_keys')
    .values({
      id: key.id,
      agency_id: key.agencyId,
      location_id: key.locationId,
      role: key.role,
      name: key.name,
      hash: key.hash,
      expires_at: key.expiresAt,
    })
    .execute();
}

/** Revokes a key at once. Returns false when the scope holds no such key that was still valid. */
export async function revokeApiKey(tx: Transaction<Database>, id: string, now: Date): Promise<boolean> {
  const result = await tx
    .updateTable('api_keys')
    .set({ revoked_at: now })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

export interface Credential {
  keyId: string;
  agencyId: string;
  locationId: string | null;
  role: ApiKeyRole;
}

/** Whom a key's hash stands for, if it is neither revoked nor expired. Needs the intake role: the answer is the scope. */
export async function findCredential(tx: Transaction<Database>, hash: Buffer): Promise<Credential | undefined> {
  return tx
    .selectFrom('api_keys')
    .select(['id as keyId', 'agency_id as agencyId', 'location_id as locationId', 'role'])
    .where('hash', '=', hash)
    .where('revoked_at', 'is', null)
    .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', sql<Date>`now()`)]))
    .executeTakeFirst();
}

/** The agency's keys without their hashes, newest first. */
export async function listApiKeys(tx: Transaction<Database>) {
  return tx
    .selectFrom('api_keys')
    .select(['id', 'role', 'name', 'location_id', 'created_at', 'expires_at', 'revoked_at'])
    .orderBy('created_at', 'desc')
    .execute();
}

import type { Kysely } from 'kysely';
import { hashApiKey } from '../crypto/api-key.ts';
import { type Credential, findCredential } from '../db/api-keys.ts';
import type { Database } from '../db/schema.ts';
import { type Scope, withSystemRole } from '../db/scope.ts';
import { ProblemError } from './problem.ts';

/** Whoever calls, by a credential of ours that is valid now. */
export interface Caller extends Credential {
  scope: Scope;
  /** How audit and timeline name them. */
  actor: string;
}

const KEY = /^swy_[\x21-\x7e]{16,200}$/;
const BEARER = /^Bearer +(\S+)$/i;

/**
 * Finds out whom a key stands for; the scope of everything after comes from here. Asked each time: a key is revoked at
 * once.
 * @throws ProblemError 401 when there is no such key, or it may not be used at this door
 */
async function identify(
  db: Kysely<Database>,
  key: string | undefined,
  roles: readonly Credential['role'][],
): Promise<Caller> {
  if (key === undefined || !KEY.test(key)) throw new ProblemError(401, 'unauthorized');
  const credential = await withSystemRole(db, 'intake', (tx) => findCredential(tx, hashApiKey(key)));
  if (!credential || !roles.includes(credential.role)) throw new ProblemError(401, 'unauthorized');
  const { agencyId, locationId, keyId } = credential;
  const scope: Scope = locationId === null ? { agencyId } : { agencyId, locationId };
  return { ...credential, scope, actor: `api-key:${keyId}` };
}

/** Who calls the REST API, by `Authorization: Bearer swy_…` of an agency or a location. @throws ProblemError 401 */
export const authenticateBearer = (db: Kysely<Database>, header: string | undefined): Promise<Caller> =>
  identify(db, BEARER.exec(header ?? '')?.[1], ['agency', 'location']);

/** Who acts for a whole agency, by its key. @throws ProblemError 401; 403 for a location's key */
export async function authenticateAgency(db: Kysely<Database>, header: string | undefined): Promise<Caller> {
  const caller = await authenticateBearer(db, header);
  if (caller.role !== 'agency') throw new ProblemError(403, 'agency-key-needed');
  return caller;
}

/** Whose workflow posts, by the secret of its location, which may do nothing else. @throws ProblemError 401 */
export const authenticateWorkflow = (db: Kysely<Database>, secret: string | undefined): Promise<Caller> =>
  identify(db, secret?.trim(), ['webhook']);

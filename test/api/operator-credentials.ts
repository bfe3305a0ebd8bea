import type { Kysely } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { createOperatorSecret } from '../../crypto/operator-secret.ts';
import { addOperatorCredential } from '../../db/operators.ts';
import type { Database } from '../../db/schema.ts';
import { withSystemRole } from '../../db/scope.ts';

/** Makes a link or a token of an operator. Returns its id and what its holder sends. */
export async function makeOperatorCredential(
  db: Kysely<Database>,
  kind: 'link' | 'token',
  operator = 'Ann',
): Promise<{ id: string; secret: string }> {
  const { secret, hash } = createOperatorSecret();
  const credential = { id: uuidv7(), operator, kind, hash, expiresAt: new Date(Date.now() + 600_000) };
  await withSystemRole(db, 'operators', (tx) =>
    addOperatorCredential(tx, credential, { actor: 'cli:test', origin: 'cli' }),
  );
  return { id: credential.id, secret };
}

/** Opens a fresh link as a person does by its page's button. Returns the cookie. */
export async function signIn(db: Kysely<Database>, apiUrl: string, operator = 'Ann'): Promise<string> {
  const { secret } = await makeOperatorCredential(db, 'link', operator);
  const headers = { 'sec-fetch-site': 'same-origin' };
  const answer = await fetch(`${apiUrl}/sign-in/${secret}`, { method: 'POST', redirect: 'manual', headers });
  const cookie = answer.headers.getSetCookie()[0]?.split(';')[0];
  if (answer.status !== 303 || cookie === undefined) throw new Error(`signing in was answered ${answer.status}`);
  return cookie;
}

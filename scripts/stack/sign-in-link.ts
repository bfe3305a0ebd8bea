import { userInfo } from 'node:os';
import { v7 as uuidv7 } from 'uuid';
import { createOperatorSecret } from '../../crypto/operator-secret.ts';
import { createDatabase } from '../../db/database.ts';
import { addOperatorCredential } from '../../db/operators.ts';
import { withSystemRole } from '../../db/scope.ts';

export const SIGN_IN_LINK_MINUTES = 60;

/** In a container the user may have no name. */
function findUserName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'local';
  }
}

/** Makes the link by which the person at the terminal opens the Web UI, once. */
export async function makeSignInLink(databaseUrl: string, apiUrl: string): Promise<string> {
  const { secret, hash } = createOperatorSecret();
  const operator = findUserName();
  const expiresAt = new Date(Date.now() + SIGN_IN_LINK_MINUTES * 60_000);
  const link = { id: uuidv7(), operator, kind: 'link' as const, hash, expiresAt };
  const db = createDatabase({ url: databaseUrl, poolSize: 1 });
  try {
    const act = { actor: `cli:${operator}`, origin: 'cli' };
    await withSystemRole(db, 'operators', (tx) => addOperatorCredential(tx, link, act));
  } finally {
    await db.destroy();
  }
  return `${apiUrl}/sign-in/${secret}`;
}

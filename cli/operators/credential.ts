import { v7 as uuidv7 } from 'uuid';
import { createOperatorSecret } from '../../crypto/operator-secret.ts';
import { addOperatorCredential, type NewOperatorCredential } from '../../db/operators.ts';
import { withSystemRole } from '../../db/scope.ts';
import type { Session } from '../session.ts';

/** Makes a link or a token and stores its hash. The secret is returned once. */
export async function makeCredential(
  session: Session,
  credential: Pick<NewOperatorCredential, 'operator' | 'kind' | 'expiresAt'>,
): Promise<{ id: string; secret: string }> {
  const { secret, hash } = createOperatorSecret();
  const id = uuidv7();
  await withSystemRole(await session.db(), 'operators', (tx) =>
    addOperatorCredential(tx, { ...credential, id, hash }, { actor: session.actor, origin: 'cli' }),
  );
  return { id, secret };
}

import { v7 as uuidv7 } from 'uuid';
import { seal } from '../../crypto/seal.ts';
import { addRotation, candidateOf } from '../../db/credential-rotations.ts';
import { withScope } from '../../db/scope.ts';
import type { TestSystem } from './system.ts';

/** A new token of a location that waits to be tried. */
export async function bringToken(
  { database, keys }: Pick<TestSystem, 'database' | 'keys'>,
  agencyId: string,
  locationId: string | null,
  token: string,
): Promise<{ agencyId: string; rotationId: string; locationId: string | null }> {
  const rotationId = uuidv7();
  const candidate = seal(keys, Buffer.from(token), candidateOf(agencyId, locationId));
  const rotation = { agencyId, rotationId, locationId, candidate };
  await withScope(database.db, { agencyId }, (tx) => addRotation(tx, rotation, { actor: 'test', origin: 'test' }));
  return { agencyId, rotationId, locationId };
}

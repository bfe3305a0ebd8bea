import { ApplicationFailure } from '@temporalio/activity';
import { unseal } from '../crypto/seal.ts';
import { addRotationLetter, candidateOf, endRotation, findRotation, isSuperseded } from '../db/credential-rotations.ts';
import { resolveDeadLetters } from '../db/dead-letters.ts';
import { saveInstall } from '../db/installs.ts';
import { findLocation, updateLocation } from '../db/locations.ts';
import { lockRouting } from '../db/routing.ts';
import { withScope } from '../db/scope.ts';
import type { RotationOutcome } from '../domain/credential-rotation.ts';
import type { StoreDeps } from './dependencies.ts';
import { mapStoreFailures } from './store-failure.ts';

export interface RotationArgs {
  agencyId: string;
  rotationId: string;
}

/** The step of a credential rotation that stores. */
export function createRotationActivities(deps: StoreDeps) {
  /**
   * Ends a rotation: the new token replaces the old one where the trial said so, and is forgotten either way. One that
   * failed for good goes before an operator, once for each credential, until a token replaces it. Repeatable: the first
   * end stands.
   * @param args `cause`: the code of what failed for good
   * @returns how it ended
   */
  async function endCredentialRotation({
    agencyId,
    rotationId,
    outcome,
    missingScopes,
    cause = 'NothingTried',
  }: RotationArgs & {
    outcome: RotationOutcome;
    missingScopes: string[];
    cause?: string;
  }): Promise<RotationOutcome> {
    const now = deps.now();
    return withScope(deps.db, { agencyId }, async (tx) => {
      await lockRouting(tx, agencyId);
      const rotation = await findRotation(tx, rotationId);
      if (!rotation) throw ApplicationFailure.nonRetryable('no such rotation', 'RotationNotFound');
      if (rotation.outcome !== null) return rotation.outcome;
      const { candidate, location_id: locationId } = rotation;
      const end = outcome === 'replaced' && (await isSuperseded(tx, rotation)) ? 'superseded' : outcome;
      if (end === 'replaced' && candidate !== null) {
        const accessToken = unseal(deps.keys, candidate, candidateOf(agencyId, locationId)).toString();
        const owner = {
          agencyId,
          locationId,
          purpose: locationId === null ? ('provisioning' as const) : ('locations' as const),
          kind: 'pit' as const,
          userType: locationId === null ? ('Company' as const) : ('Location' as const),
        };
        const tokens = { accessToken, refreshToken: null, expiresAt: null, scopes: [] };
        await saveInstall(tx, deps.keys, { ...owner, ...tokens }, now);
        if (locationId !== null && (await findLocation(tx, locationId))?.installed_at === null) {
          await updateLocation(tx, locationId, { installed_at: now });
        }
      }
      const of = { id: rotationId, agencyId, locationId, actor: rotation.made_by };
      await endRotation(tx, of, { outcome: end, missingScopes, now });
      // Of a token that a newer one has taken the place of nobody needs to hear.
      if (end === 'failed' && !(await isSuperseded(tx, rotation))) await addRotationLetter(tx, of, cause);
      const about = { subjectId: locationId ?? agencyId, causePrefix: 'rotation:' };
      if (end === 'replaced') await resolveDeadLetters(tx, about, 'replaced', now);
      return end;
    });
  }

  return mapStoreFailures({ endCredentialRotation });
}

export type RotationActivities = ReturnType<typeof createRotationActivities>;

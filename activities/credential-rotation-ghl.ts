import { ApplicationFailure, Context } from '@temporalio/activity';
import { unseal } from '../crypto/seal.ts';
import { findAgency } from '../db/agencies.ts';
import { candidateOf, findRotation } from '../db/credential-rotations.ts';
import { findGhlAddress } from '../db/locations.ts';
import { withScope } from '../db/scope.ts';
import { judgeTrial, type RotationOutcome } from '../domain/credential-rotation.ts';
import type { GhlResource } from '../ghl/resource.ts';
import { tryToken } from '../ghl/trial.ts';
import type { RotationArgs } from './credential-rotation.ts';
import type { GhlDeps } from './dependencies.ts';
import { talkingToGhl } from './ghl-step.ts';
import { mapStoreFailures } from './store-failure.ts';

/** The step of a credential rotation that talks to GHL. */
export function createRotationGhlActivities(deps: Omit<GhlDeps, 'notifier'>) {
  /**
   * Tries the new token of a rotation against GHL. Repeatable: the calls change nothing.
   * @returns what is to become of it, and the scopes that it lacks
   */
  async function tryCredential({
    agencyId,
    rotationId,
  }: RotationArgs): Promise<{ outcome: RotationOutcome; missingScopes: string[] }> {
    const { token, resource } = await withScope(deps.db, { agencyId }, async (tx) => {
      const rotation = await findRotation(tx, rotationId);
      if (!rotation) throw ApplicationFailure.nonRetryable('no such rotation', 'RotationNotFound');
      const { candidate, location_id: locationId } = rotation;
      const found = locationId === null ? undefined : await findGhlAddress(tx, locationId);
      const ghlCompanyId = (await findAgency(tx))?.ghl_company_id ?? null;
      const company: GhlResource | undefined =
        locationId === null && ghlCompanyId !== null
          ? { kind: 'company', agencyId, ghlCompanyId, purpose: 'provisioning' }
          : undefined;
      const named: GhlResource | undefined = found ? { kind: 'location', ...found } : company;
      return {
        token: candidate && unseal(deps.keys, candidate, candidateOf(agencyId, locationId)).toString(),
        resource: named,
      };
    });
    if (token === null) return { outcome: 'superseded', missingScopes: [] };
    if (!resource) throw ApplicationFailure.nonRetryable('the account is not connected to GHL', 'NotConnected');
    const call = { resource, lane: 'interactive' as const, signal: Context.current().cancellationSignal };
    return judgeTrial(await talkingToGhl(() => tryToken(deps.ghl, call, token)));
  }

  return mapStoreFailures({ tryCredential });
}

export type RotationGhlActivities = ReturnType<typeof createRotationGhlActivities>;

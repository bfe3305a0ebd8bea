import { ApplicationFailure, Context } from '@temporalio/activity';
import { findGhlAddress } from '../db/locations.ts';
import { withScope } from '../db/scope.ts';
import { GhlForbiddenError } from '../ghl/errors.ts';
import { getLocation } from '../ghl/locations.ts';
import { talkingToGhl } from './ghl-failure.ts';
import type { GhlDeps } from './lead-intake-ghl.ts';

/** The steps of an account's events that talk to GHL. */
export function createAccountGhlActivities(deps: Pick<GhlDeps, 'db' | 'ghl'>) {
  /**
   * Obtains a location's token by using it: the gateway mints one where there is none. An INSTALL can arrive before
   * the agency's own grant is stored, so being refused for that is a reason to wait.
   */
  async function obtainToken({ agencyId, locationId }: { agencyId: string; locationId: string }): Promise<void> {
    const address = await withScope(deps.db, { agencyId }, (tx) => findGhlAddress(tx, locationId));
    if (!address) throw ApplicationFailure.nonRetryable('the location is not connected to GHL', 'LocationNotConnected');
    const resource = { kind: 'location' as const, ...address };
    await talkingToGhl(async () => {
      try {
        await getLocation(deps.ghl, { resource, lane: 'sync', signal: Context.current().cancellationSignal });
      } catch (error) {
        if (!(error instanceof GhlForbiddenError) || error.reason !== 'not-installed') throw error;
        throw ApplicationFailure.retryable('the agency is not connected yet', 'AgencyNotConnected');
      }
    });
  }

  return { obtainToken };
}

export type AccountGhlActivities = ReturnType<typeof createAccountGhlActivities>;

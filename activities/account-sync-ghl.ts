import { ApplicationFailure, Context } from '@temporalio/activity';
import { resolveDeadLetters } from '../db/dead-letters.ts';
import { listInstalls, saveInstall } from '../db/installs.ts';
import { findGhlAddress, findLocation, type GhlAddress } from '../db/locations.ts';
import { lockRouting } from '../db/routing.ts';
import { withScope } from '../db/scope.ts';
import { GhlForbiddenError } from '../ghl/errors.ts';
import { getLocation } from '../ghl/locations.ts';
import type { GhlDeps } from './dependencies.ts';
import { createEventReread } from './event-reread.ts';
import { talkingToGhl } from './ghl-step.ts';
import { mapStoreFailures } from './store-failure.ts';

interface TokenArgs {
  agencyId: string;
  locationId: string;
}

/** A token that is over: the gateway mints another one before it uses it. */
const OVER = { accessToken: 'none', refreshToken: null, expiresAt: new Date(0), scopes: [] };

/** The steps of an account's events that talk to GHL. */
export function createAccountGhlActivities(deps: Omit<GhlDeps, 'notifier'>) {
  /**
   * Obtains a location's token by using it: the gateway mints one where there is none. An INSTALL can arrive before
   * the agency's own grant is stored, so being refused for that is a reason to wait. Repeatable.
   */
  async function obtainToken(args: TokenArgs): Promise<void> {
    const address = await makeReady(args);
    if (!address) return;
    const resource = { kind: 'location' as const, ...address };
    await talkingToGhl(async () => {
      try {
        await getLocation(deps.ghl, { resource, lane: 'sync', signal: Context.current().cancellationSignal });
      } catch (error) {
        if (!(error instanceof GhlForbiddenError) || error.reason !== 'not-installed') throw error;
        throw agencyNotConnected();
      }
    }, 'wait');
    const settled = { subjectId: args.locationId, causePrefix: 'install:' };
    await withScope(deps.db, { agencyId: args.agencyId }, (tx) =>
      resolveDeadLetters(tx, settled, 'connected', deps.now()),
    );
  }

  /**
   * Where the location is in GHL; undefined when the app was removed from it meanwhile. Authority that an earlier
   * UNINSTALL or refusal ended starts anew from its agency's.
   */
  async function makeReady({ agencyId, locationId }: TokenArgs): Promise<GhlAddress | undefined> {
    return withScope(deps.db, { agencyId }, async (tx) => {
      // An UNINSTALL that is being applied is seen whole or not at all.
      await lockRouting(tx, agencyId);
      const address = await findGhlAddress(tx, locationId);
      if (!address) {
        throw ApplicationFailure.nonRetryable('the location is not connected to GHL', 'LocationNotConnected');
      }
      if (!(await findLocation(tx, locationId))?.installed_at) return undefined;
      const installs = await listInstalls(tx);
      const own = installs.find((each) => each.location_id === locationId);
      if (!own || own.status === 'active') return address;
      const ofAgency = installs.find((each) => each.location_id === null && each.purpose === 'locations');
      if (ofAgency?.kind !== 'oauth' || ofAgency.status !== 'active') throw agencyNotConnected();
      const owner = { agencyId, locationId, kind: 'oauth' as const, userType: 'Location' as const };
      await saveInstall(tx, deps.keys, { ...owner, ...OVER }, deps.now());
      return address;
    });
  }

  return mapStoreFailures({ obtainToken, ...createEventReread(deps) });
}

const agencyNotConnected = (): ApplicationFailure =>
  ApplicationFailure.retryable('the agency is not connected yet', 'AgencyNotConnected');

export type AccountGhlActivities = ReturnType<typeof createAccountGhlActivities>;

import { Context } from '@temporalio/activity';
import { v7 as uuidv7 } from 'uuid';
import { unseal, seal } from '../crypto/seal.ts';
import { audit } from '../db/audit-log.ts';
import {
  beginExchange,
  connectSecretOf,
  getConnectLink,
  giveExchangeBack,
  keepAnswer,
  type KeptCode,
} from '../db/connect-links.ts';
import { findAgency } from '../db/agencies.ts';
import { listInstalls } from '../db/installs.ts';
import { addListedLocation, listLocations, updateLocation } from '../db/locations.ts';
import { lockRouting } from '../db/routing.ts';
import { withScope } from '../db/scope.ts';
import type { ConnectOutcome } from '../domain/agency-connect.ts';
import { nameFromGhl } from '../domain/location-name.ts';
import {
  GhlAuthExpiredError,
  GhlError,
  GhlForbiddenError,
  GhlInvalidError,
  GhlUnavailableError,
} from '../ghl/errors.ts';
import { exchangeCode, listInstalledLocations, type OAuthGrant } from '../ghl/oauth.ts';
import type { ConnectArgs } from './agency-connect.ts';
import type { GhlDeps } from './dependencies.ts';
import { toApplicationFailure } from './ghl-failure.ts';
import { talkingToGhl } from './ghl-step.ts';
import { mapStoreFailures } from './store-failure.ts';

/** GHL's largest page. */
const PAGE = 100;

/** The steps of connecting an agency that talk to GHL. */
export function createConnectGhlActivities(deps: Omit<GhlDeps, 'notifier'>) {
  const inAgency = <T>(agencyId: string, work: Parameters<typeof withScope<T>>[2]): Promise<T> =>
    withScope(deps.db, { agencyId }, work);

  /**
   * Trades the code for tokens, at most once: that it is being sent is noted before, and what comes back is stored,
   * sealed, before anybody uses it. A repeat finds the answer, or that there was none. The signal of the activity does
   * not cut the call, for a code whose answer is not awaited is lost.
   * @returns `exchanged`, or why this attempt is over
   */
  async function exchangeConnectCode({ agencyId, linkId }: ConnectArgs): Promise<ConnectOutcome | 'exchanged'> {
    const link = await inAgency(agencyId, (tx) => getConnectLink(tx, linkId));
    if (link.outcome !== null) return link.outcome;
    // Stored as an install already, or about to be.
    if (link.answer !== null || link.ghl_company_id !== null) return 'exchanged';
    const sealed = await inAgency(agencyId, (tx) => beginExchange(tx, linkId, deps.now()));
    if (!sealed) return 'answer-lost';
    const kept = JSON.parse(unseal(deps.keys, sealed, connectSecretOf(agencyId, 'code')).toString()) as KeptCode;
    let grant: OAuthGrant;
    try {
      grant = await exchangeCode(deps.ghl, { ...kept, purpose: link.purpose }, deps.now());
    } catch (error) {
      if (!(error instanceof GhlError)) throw error;
      const outcome = whyNotExchanged(error);
      if (outcome !== 'not-sent') return outcome;
      await inAgency(agencyId, (tx) => giveExchangeBack(tx, linkId));
      throw toApplicationFailure(error);
    }
    const answer = seal(deps.keys, Buffer.from(JSON.stringify(grant)), connectSecretOf(agencyId, 'answer'));
    await inAgency(agencyId, (tx) => keepAnswer(tx, linkId, answer));
    return 'exchanged';
  }

  /**
   * Brings a page of the locations that have the app into the agency's tree. New ones are put below the master, not
   * live, for an operator to arrange; known ones stay where they are and are called what they are called. Repeatable.
   * @param skip how many of the list come before the page
   * @returns how many the page holds, how many of them were new, and which need a token of their own
   */
  async function fillTree({
    agencyId,
    skip,
  }: {
    agencyId: string;
    skip: number;
  }): Promise<{ listed: number; added: number; needToken: string[] }> {
    const askedAt = deps.now();
    const { ghlCompanyId, isConnected } = await inAgency(agencyId, async (tx) => ({
      ghlCompanyId: (await findAgency(tx))?.ghl_company_id ?? null,
      isConnected: (await listInstalls(tx)).some(
        (each) => each.location_id === null && each.purpose === 'locations' && each.status === 'active',
      ),
    }));
    // One location connected by its own user: there is nothing to list.
    if (ghlCompanyId === null || !isConnected) return { listed: 0, added: 0, needToken: [] };
    const resource = { kind: 'company' as const, agencyId, ghlCompanyId };
    const call = { resource, lane: 'sync' as const, signal: Context.current().cancellationSignal };
    const page = await talkingToGhl(() => listInstalledLocations(deps.ghl, call, { skip, limit: PAGE }));
    return inAgency(agencyId, async (tx) => {
      // INSTALL and UNINSTALL events of the same agency follow one another with this.
      await lockRouting(tx, agencyId);
      const known = new Map((await listLocations(tx)).map((location) => [location.ghl_location_id, location]));
      const master = [...known.values()].find(({ kind }) => kind === 'master');
      const installs = new Map((await listInstalls(tx)).map((each) => [each.location_id, each.status]));
      const needToken: string[] = [];
      let added = 0;
      for (const { ghlLocationId, name, isInstalled } of page) {
        if (!isInstalled || !master) continue;
        const there = known.get(ghlLocationId);
        const told = nameFromGhl(ghlLocationId, name);
        if (there) {
          const isOurName = there.name === nameFromGhl(ghlLocationId, null) && told !== there.name;
          const isBack = there.installed_at === null;
          if (isOurName || isBack) {
            await updateLocation(tx, there.id, {
              ...(isOurName && { name: told }),
              ...(isBack && { installed_at: askedAt }),
            });
          }
          if (isBack) await record(agencyId, 'location.install', there.id);
          if (installs.get(there.id) !== 'active') needToken.push(there.id);
          continue;
        }
        const id = uuidv7();
        const location = { id, agencyId, parentId: master.id, name: told, ghlLocationId, installedAt: askedAt };
        // Another agency's: its operator finds out when that one is connected.
        if (!(await addListedLocation(tx, location))) continue;
        added += 1;
        needToken.push(id);
        await record(agencyId, 'location.add', id);
      }
      return { listed: page.length, added, needToken };

      function record(of: string, action: string, locationId: string): Promise<void> {
        return audit(tx, { agencyId: of, actor: 'ghl', action, subject: `location:${locationId}`, origin: 'workflow' });
      }
    });
  }

  return mapStoreFailures({ exchangeConnectCode, fillTree });
}

export type ConnectGhlActivities = ReturnType<typeof createConnectGhlActivities>;

/** What a failed exchange means for the code: `not-sent` where it certainly can be sent again. */
function whyNotExchanged(error: GhlError): ConnectOutcome | 'not-sent' {
  if (error instanceof GhlUnavailableError) {
    if (!error.ambiguous) return 'not-sent';
    // An answer of 5xx came from a GHL in trouble; any other end leaves the code in doubt.
    return error.status === null ? 'answer-lost' : 'ghl-away';
  }
  if (error instanceof GhlAuthExpiredError) return 'code-refused';
  if (error instanceof GhlInvalidError) return error.reason === 'response-shape' ? 'answer-lost' : 'code-refused';
  if (error instanceof GhlForbiddenError) {
    return error.reason === 'no-app' || error.reason === 'app-credentials' ? error.reason : 'code-refused';
  }
  return error.code === 'GhlRateLimited' || error.code === 'GhlCircuitOpen' ? 'not-sent' : 'code-refused';
}

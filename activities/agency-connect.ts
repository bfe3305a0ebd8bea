import { ApplicationFailure } from '@temporalio/activity';
import type { Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { unseal } from '../crypto/seal.ts';
import { claimGhlCompany, findAgency } from '../db/agencies.ts';
import { audit } from '../db/audit-log.ts';
import { type ConnectLink, connectSecretOf, endConnect, getConnectLink, noteStored } from '../db/connect-links.ts';
import { addDeadLetter } from '../db/dead-letters.ts';
import { type InstallTokens, saveInstall } from '../db/installs.ts';
import { addListedLocation, findLocationByGhlId, listLocations, updateLocation } from '../db/locations.ts';
import { lockRouting } from '../db/routing.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { type ConnectGrant, type ConnectOutcome, judgeGrant } from '../domain/agency-connect.ts';
import { nameFromGhl } from '../domain/location-name.ts';
import { agencyConnectWorkflowId } from '../domain/workflow-ids.ts';
import { askedForAt } from './activity-call.ts';
import type { StoreDeps } from './dependencies.ts';
import { mapStoreFailures } from './store-failure.ts';

type Tx = Transaction<Database>;

export interface ConnectArgs {
  agencyId: string;
  linkId: string;
}

/** A grant as it comes out of its seal. */
type KeptGrant = ConnectGrant & { tokens: Omit<InstallTokens, 'expiresAt'> & { expiresAt: string } };

/** The steps of connecting an agency that only store. */
export function createConnectActivities(deps: StoreDeps) {
  /**
   * Makes the answer to the code the authority of the agency or of its location, if it is the right company's, and
   * forgets the answer. Repeatable: tokens that were stored once are not stored again over newer ones.
   * @returns `stored`, with what is to be done next, or why nothing was changed
   */
  async function storeConnection({
    agencyId,
    linkId,
  }: ConnectArgs): Promise<{ outcome: ConnectOutcome | 'stored'; hasTree: boolean }> {
    const now = deps.now();
    return withScope(deps.db, { agencyId }, async (tx) => {
      await lockRouting(tx, agencyId);
      const link = await getConnectLink(tx, linkId);
      const hasTree = link.purpose === 'locations';
      if (link.outcome !== null) return { outcome: link.outcome, hasTree };
      if (link.ghl_company_id !== null) return { outcome: 'stored', hasTree };
      if (link.answer === null) throw ApplicationFailure.nonRetryable('nothing was exchanged', 'NothingExchanged');
      const opened = unseal(deps.keys, link.answer, connectSecretOf(agencyId, 'answer')).toString();
      const outcome = await store(tx, link, JSON.parse(opened) as KeptGrant, now);
      return { outcome, hasTree };
    });
  }

  async function store(tx: Tx, link: ConnectLink, grant: KeptGrant, now: Date): Promise<ConnectOutcome | 'stored'> {
    const { agency_id: agencyId, purpose } = link;
    const agency = await findAgency(tx);
    const judged = judgeGrant(grant, { ghlCompanyId: agency?.ghl_company_id ?? null, purpose });
    if (!judged.isWelcome) return judged.reason;
    const ghlCompanyId = grant.ghlCompanyId!;
    if (judged.reason === 'first-company' && !(await claimGhlCompany(tx, agencyId, ghlCompanyId))) {
      return 'company-of-another-agency';
    }
    let locationId: string | null = null;
    if (grant.userType === 'Location') {
      const found = await findOrAddLocation(tx, agencyId, grant.ghlLocationId!, now);
      if (found === undefined) return 'location-of-another-agency';
      locationId = found;
    }
    const tokens = { ...grant.tokens, expiresAt: new Date(grant.tokens.expiresAt) };
    const owner = { agencyId, locationId, purpose, kind: 'oauth' as const, userType: grant.userType };
    const { installId } = await saveInstall(tx, deps.keys, { ...owner, ...tokens }, now);
    await noteStored(tx, link.id, ghlCompanyId);
    await audit(tx, {
      agencyId,
      actor: `connect-link:${link.id}`,
      action: 'install.connect',
      subject: `install:${installId}`,
      after: { purpose, locationId, ghlCompanyId, scopes: tokens.scopes },
      origin: 'workflow',
    });
    return 'stored';
  }

  /** Ends an attempt, and says how many locations the agency has connected. Repeatable: the first outcome stands. */
  async function endConnection({
    agencyId,
    linkId,
    outcome,
  }: ConnectArgs & { outcome: ConnectOutcome }): Promise<void> {
    await withScope(deps.db, { agencyId }, async (tx) => {
      const { ghl_company_id: ghlCompanyId } = await getConnectLink(tx, linkId);
      const locations = (await listLocations(tx)).filter((each) => each.installed_at !== null).length;
      await endConnect(tx, { agencyId, linkId }, { outcome, ghlCompanyId, locations, now: deps.now() });
    });
  }

  /** A step of connecting failed for good: an operator hears of it. Repeatable. */
  async function recordConnectFailure({ agencyId, linkId, cause }: ConnectArgs & { cause: string }): Promise<void> {
    await withScope(deps.db, { agencyId }, async (tx) => {
      await getConnectLink(tx, linkId);
      await addDeadLetter(tx, {
        agencyId,
        locationId: null,
        capability: 'agency-connect',
        cause: `connect:${cause}`,
        advice: `The agency could not be connected to GHL (${cause}). Mend the cause, then make another link with \`agency connect\`.`,
        subject: { kind: 'connect-link', id: linkId },
        workflowId: agencyConnectWorkflowId(agencyId, linkId),
        failedAt: askedForAt(),
      });
    });
  }

  return mapStoreFailures({ storeConnection, endConnection, recordConnectFailure });
}

export type ConnectActivities = ReturnType<typeof createConnectActivities>;

/** @returns undefined when the location is another agency's */
async function findOrAddLocation(
  tx: Tx,
  agencyId: string,
  ghlLocationId: string,
  now: Date,
): Promise<string | undefined> {
  const known = await findLocationByGhlId(tx, ghlLocationId);
  if (known) {
    if (known.installed_at === null) await updateLocation(tx, known.id, { installed_at: now });
    return known.id;
  }
  const master = (await listLocations(tx)).find(({ kind }) => kind === 'master');
  if (!master) throw ApplicationFailure.nonRetryable('the agency has no master location', 'NoMasterLocation');
  const id = uuidv7();
  const name = nameFromGhl(ghlLocationId, null);
  const location = { id, agencyId, parentId: master.id, name, ghlLocationId, installedAt: now };
  return (await addListedLocation(tx, location)) ? id : undefined;
}

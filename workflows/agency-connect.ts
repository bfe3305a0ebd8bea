import { continueAsNew, proxyActivities, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { ConnectGhlActivities } from '../activities/agency-connect-ghl.ts';
import type { ConnectOutcome } from '../domain/agency-connect.ts';
import { accounts, accountsGhl, obtainToken } from './account-steps.ts';
import { failureCode, isStepFailure, putBeforeOperator } from './step-failure.ts';
import { ghlQueueOf } from './task-queues.ts';

export interface AgencyConnectInput {
  agencyId: string;
  linkId: string;
  /** Locations whose tokens an earlier run has not obtained yet; that run has done all else. */
  needToken?: string[];
}

/** A person waits, and a code is good for minutes: what GHL cannot do by then it is asked again by a new link. */
const exchange = proxyActivities<ConnectGhlActivities>({
  taskQueue: ghlQueueOf('interactive'),
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '20 seconds',
  scheduleToCloseTimeout: '5 minutes',
  retry: { initialInterval: '1 second', maximumInterval: '10 seconds' },
});

/** GHL's list has no order to rely on: it is read until a whole reading brings nothing new, but not for ever. */
const READINGS_AT_MOST = 3;
/** Tokens obtained side by side. All share the company's budget, so that more would only wait. */
const SIDE_BY_SIDE = 10;

/**
 * Connects an agency with the code that GHL's page gave: tokens, then the tree of its locations, then a token for each
 * of them. A code works once, so whatever goes wrong with it ends the attempt, and a person opens another link. The
 * outcome is stored, where the page that the person looks at finds it, before the tokens are obtained.
 */
export async function agencyConnect(input: AgencyConnectInput): Promise<ConnectOutcome> {
  const { agencyId, linkId } = input;
  const link = { agencyId, linkId };
  let needToken = input.needToken;
  if (needToken === undefined) {
    const { outcome, found } = await connect(link);
    await accounts.endConnection({ ...link, outcome });
    setCurrentDetails(`**${outcome}**`);
    if (outcome !== 'connected') return outcome;
    needToken = found;
  }
  const rest = await obtainTokens(agencyId, needToken);
  if (rest.length > 0) await continueAsNew<typeof agencyConnect>({ ...link, needToken: rest });
  return 'connected';
}

async function connect(link: {
  agencyId: string;
  linkId: string;
}): Promise<{ outcome: ConnectOutcome; found: string[] }> {
  const over = (outcome: ConnectOutcome) => ({ outcome, found: [] });
  let exchanged: ConnectOutcome | 'exchanged';
  try {
    exchanged = await exchange.exchangeConnectCode(link);
  } catch (error) {
    if (!isStepFailure(error)) throw error;
    return over('ghl-away');
  }
  if (exchanged !== 'exchanged') return over(exchanged);
  try {
    const { outcome, hasTree } = await accounts.storeConnection(link);
    if (outcome !== 'stored') return over(outcome);
    return { outcome: 'connected', found: hasTree ? await fillTree(link.agencyId) : [] };
  } catch (error) {
    if (!isStepFailure(error)) throw error;
    const cause = failureCode(error);
    await putBeforeOperator(() => accounts.recordConnectFailure({ ...link, cause }));
    // The token may not list the locations: its app, or the user who installed it, is not an agency's.
    return over(cause === 'GhlForbidden' ? 'wrong-app' : 'failed');
  }
}

/** @returns the locations that need a token of their own */
async function fillTree(agencyId: string): Promise<string[]> {
  const needToken = new Set<string>();
  for (let reading = 1; reading <= READINGS_AT_MOST; reading += 1) {
    let added = 0;
    let skip = 0;
    for (;;) {
      const page = await accountsGhl.fillTree({ agencyId, skip });
      for (const locationId of page.needToken) needToken.add(locationId);
      added += page.added;
      skip += page.listed;
      if (page.listed === 0) break;
    }
    if (added === 0) break;
  }
  return [...needToken];
}

/** @returns those that are left to another run, because the history of this one is long */
async function obtainTokens(agencyId: string, locationIds: readonly string[]): Promise<string[]> {
  const queue = [...locationIds];
  const work = async (): Promise<void> => {
    while (!workflowInfo().continueAsNewSuggested) {
      const locationId = queue.shift();
      if (locationId === undefined) return;
      await obtainToken(agencyId, locationId);
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
  return queue;
}

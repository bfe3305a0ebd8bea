import type { InstallPurpose } from './ghl-scopes.ts';

/** How an attempt to connect an agency by GHL's page ended. Stored, so words stay as they are. */
export type ConnectOutcome =
  | 'connected'
  /** The person, or GHL, said no on GHL's page. */
  | 'declined'
  /** GHL does not take the code: used, over, or our app's credentials are wrong, which it answers alike. */
  | 'code-refused'
  /** The code was sent and no answer came back: it may be used up. */
  | 'answer-lost'
  | 'app-credentials'
  | 'no-app'
  /** The GHL company belongs to another agency here. */
  | 'company-of-another-agency'
  /** This agency is another GHL company. */
  | 'other-company'
  | 'location-of-another-agency'
  /** What was installed gives another kind of token than this link is for. */
  | 'wrong-app'
  | 'ghl-away'
  | 'failed';

/** What a code gave, as far as it decides whom it may connect. */
export interface ConnectGrant {
  userType: 'Company' | 'Location';
  ghlCompanyId: string | null;
  ghlLocationId: string | null;
}

/**
 * Decides whether a grant may become the authority of the agency whose link was opened. Whoever opens the link chooses
 * the GHL company on GHL's page, by mistake perhaps that of another client.
 * @param ghlCompanyId the company the agency is known to be; null where this is its first
 */
export function judgeGrant(
  grant: ConnectGrant,
  agency: { ghlCompanyId: string | null; purpose: InstallPurpose },
): { isWelcome: true; reason: 'known-company' | 'first-company' } | { isWelcome: false; reason: ConnectOutcome } {
  const { userType, ghlCompanyId, ghlLocationId } = grant;
  if (ghlCompanyId === null || (userType === 'Location' && ghlLocationId === null)) {
    return { isWelcome: false, reason: 'wrong-app' };
  }
  if (agency.purpose === 'provisioning' && userType !== 'Company') return { isWelcome: false, reason: 'wrong-app' };
  if (agency.ghlCompanyId === null) return { isWelcome: true, reason: 'first-company' };
  return agency.ghlCompanyId === ghlCompanyId
    ? { isWelcome: true, reason: 'known-company' }
    : { isWelcome: false, reason: 'other-company' };
}

const AGAIN = 'Make another link and open it:';

const TOLD: Record<Exclude<ConnectOutcome, 'connected'>, { title: string; text: string }> = {
  declined: {
    title: 'Nothing was connected',
    text: `GHL says that the installation was not allowed. If that was a mistake: ${AGAIN.toLowerCase()}`,
  },
  'code-refused': {
    title: 'GHL does not accept the code',
    text: `A code works once and only for a short while. ${AGAIN} If that ends the same way, GHL_CLIENT_ID and GHL_CLIENT_SECRET are not those of the app that was installed.`,
  },
  'answer-lost': {
    title: 'GHL’s answer was lost on the way',
    text: `The code is used up, and what it gave did not arrive. Nothing is broken. ${AGAIN}`,
  },
  'app-credentials': {
    title: 'GHL does not know this app',
    text: `GHL_CLIENT_ID or GHL_CLIENT_SECRET is wrong. Correct them, restart the worker, and then: ${AGAIN.toLowerCase()}`,
  },
  'no-app': {
    title: 'No app is configured',
    text: `The worker has no GHL_CLIENT_ID and GHL_CLIENT_SECRET for this kind of link. Set them, restart the worker, and then: ${AGAIN.toLowerCase()}`,
  },
  'company-of-another-agency': {
    title: 'This GHL company belongs to another agency',
    text: `The company that was chosen in GHL is connected to another agency here. Nothing was changed. ${AGAIN} and choose the right one.`,
  },
  'other-company': {
    title: 'This is another GHL company',
    text: `The agency is another company in GHL than the one that was chosen. Nothing was changed. ${AGAIN} and choose the right one.`,
  },
  'location-of-another-agency': {
    title: 'This location belongs to another agency',
    text: `The location that was chosen in GHL is connected to another agency here. Nothing was changed. ${AGAIN} and choose the right one.`,
  },
  'wrong-app': {
    title: 'This is not the right app',
    text: `What was installed gives another kind of authority than this link is for: an agency’s administrator must install the app, and it must be the app of this link. ${AGAIN}`,
  },
  'ghl-away': {
    title: 'GHL does not answer',
    text: `GHL was away for too long. When it is back: ${AGAIN.toLowerCase()}`,
  },
  failed: {
    title: 'Something went wrong here',
    text: `An operator finds what under dead-letters list. When it is mended: ${AGAIN.toLowerCase()}`,
  },
};

/** What a person is told of an attempt that has ended. */
export function explainConnect(connected: {
  outcome: ConnectOutcome;
  purpose: InstallPurpose;
  ghlCompanyId: string | null;
  locations: number | null;
}): { title: string; text: string } {
  const { outcome, purpose, ghlCompanyId, locations } = connected;
  if (outcome !== 'connected') return TOLD[outcome];
  const company = `The GHL company ${ghlCompanyId ?? ''}`.trim();
  if (purpose === 'provisioning')
    return { title: 'Connected', text: `${company} is connected for making new locations.` };
  const found = locations === 1 ? 'one location' : `${locations ?? 0} locations`;
  const next = 'New ones stand below the master and observe only, until somebody arranges them and takes them live.';
  return { title: 'Connected', text: `${company} is connected with ${found}. ${next}` };
}

/** What an `error` in GHL's redirect means: its words are not documented, so only OAuth's own is told apart. */
export const outcomeOfError = (error: string): ConnectOutcome => (error === 'access_denied' ? 'declined' : 'failed');

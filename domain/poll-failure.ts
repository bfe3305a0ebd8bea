import type { PassKind, PolledResource } from './poll-rules.ts';

/** A pass that has failed again. */
export interface PollFailure {
  resource: PolledResource;
  kind: PassKind;
  /** The code of what ended the last try. */
  cause: string;
  /** In a row, the last one included. */
  failures: number;
}

/** Whether an operator is told of a failure, and what he can do. */
export type PollFailureDecision =
  | { isStuck: false; reason: 'waits' | 'may-pass' }
  | { isStuck: true; reason: 'refused' | 'waits-too-long'; advice: string };

/** What time heals: GHL's limits and outages. */
const WAITING: ReadonlySet<string> = new Set(['GhlRateLimited', 'GhlUnavailable', 'GhlCircuitOpen', 'TIMEOUT']);
/** A quarter of an hour of tries: what was but a moment's trouble is over then. */
export const STUCK_AFTER_FAILURES = 3;
/** Half a day of tries: outages do not last so long, and where one does it is not this pass that is broken. */
const STUCK_AFTER_WAITS = 8;

const AGAIN = 'It is tried again by itself, at least every six hours; `sync reconcile` tries at once.';

const NAMES: Record<PolledResource, string> = {
  contact: 'contacts',
  opportunity: 'opportunities',
  conversation: 'conversations',
  message: 'messages',
  appointment: 'appointments',
  user: 'users',
  'custom-field': 'custom fields',
  pipeline: 'pipelines',
};

/** Decides whether a pass that keeps failing waits for a person rather than for time. Trying goes on either way. */
export function judgePollFailure({ resource, cause, failures }: PollFailure): PollFailureDecision {
  if (WAITING.has(cause)) {
    if (failures < STUCK_AFTER_WAITS) return { isStuck: false, reason: 'waits' };
    const advice = `GHL has not told the ${NAMES[resource]} of this location for half a day (${cause}). Look whether GHL works for it at all.`;
    return { isStuck: true, reason: 'waits-too-long', advice: `${advice} ${AGAIN}` };
  }
  if (failures < STUCK_AFTER_FAILURES) return { isStuck: false, reason: 'may-pass' };
  return { isStuck: true, reason: 'refused', advice: `${adviseOn(cause, NAMES[resource])} ${AGAIN}` };
}

function adviseOn(cause: string, what: string): string {
  switch (cause) {
    case 'GhlForbidden':
      return `GHL does not let the app read the ${what} of this location. Look whether the location is active and the app may read them there, and connect it again.`;
    case 'GhlAuthExpired':
      return `GHL takes none of our tokens for the ${what} of this location. Connect it again.`;
    case 'GhlNotFound':
      return `GHL knows no ${what} of this location. Look whether the location still is there.`;
    case 'GhlInvalid':
      return `GHL refuses our question for the ${what} of this location, or answers in a way that cannot be read; the history of its workflow says which. Compare it with what GHL publishes.`;
    default:
      return `What GHL tells of the ${what} of this location cannot be stored (${cause}). The log has the cause.`;
  }
}

/** What the letters about a pass are about: they are settled when it works again. */
export const passSubject = (locationId: string, { resource, kind }: Pick<PollFailure, 'resource' | 'kind'>): string =>
  `${locationId}:${resource}:${kind}`;

/** How the cause of such a letter begins. */
export const POLL_CAUSE = 'poll:';

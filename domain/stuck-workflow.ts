import { DEAD_LETTER_CAPABILITIES, type DeadLetterCapability } from './dead-letter.ts';

const HOUR_MS = 3_600_000;

interface WorkflowBound {
  capability: DeadLetterCapability;
  /** How long a workflow of the type may show no sign of life. */
  boundMs: number;
}

/**
 * How long workflows may stand still, by type. Not here are those that wait lawfully for days: a lead for its rep, a run of
 * a backfill for its parts; of them only a step that keeps failing tells. Leads that have lost their workflow are found by
 * themselves.
 */
const WORKFLOW_BOUNDS: Readonly<Record<string, WorkflowBound>> = {
  contactSync: { capability: 'contact-sync', boundMs: HOUR_MS },
  contactMerge: { capability: 'contact-sync', boundMs: HOUR_MS },
  // Asks GHL for an hour before it gives up.
  fieldMapping: { capability: 'contact-sync', boundMs: 2 * HOUR_MS },
  accountSync: { capability: 'account-sync', boundMs: HOUR_MS },
  agencyConnect: { capability: 'agency-connect', boundMs: HOUR_MS },
  credentialRotation: { capability: 'credential-rotation', boundMs: HOUR_MS },
  pollSync: { capability: 'poll-sync', boundMs: 2 * HOUR_MS },
  backfill: { capability: 'backfill', boundMs: 6 * HOUR_MS },
  // Tries a mail server, or an endpoint, for three days, and says itself that it has given up.
  notification: { capability: 'notification', boundMs: 96 * HOUR_MS },
  // A step has an hour, and says every minute that it is at work.
  upkeep: { capability: 'upkeep', boundMs: 2 * HOUR_MS },
};

/** How long a step may fail in a workflow that has no bound of its own. */
const FAILING_STEP_MS = HOUR_MS;

/** Workflows that run and are looked at together: each group has turns of its own, so that many of one hide no other. */
export type WatchedGroup =
  | { kind: 'type'; type: string }
  /** Leads without a place are told apart from the many that wait for their rep. */
  | { kind: 'lead'; isRouting: boolean }
  | { kind: 'other'; than: readonly string[] };

const LEAD_TYPE = 'leadIntake';

/** All workflows that run, in groups, and how old the youngest is that could be stuck, in milliseconds. */
export const WATCHED_GROUPS: readonly { group: WatchedGroup; boundMs: number }[] = [
  { group: { kind: 'lead', isRouting: true }, boundMs: FAILING_STEP_MS },
  { group: { kind: 'lead', isRouting: false }, boundMs: FAILING_STEP_MS },
  ...Object.entries(WORKFLOW_BOUNDS).map(([type, { boundMs }]) => ({
    group: { kind: 'type' as const, type },
    boundMs,
  })),
  { group: { kind: 'other', than: [LEAD_TYPE, ...Object.keys(WORKFLOW_BOUNDS)] }, boundMs: FAILING_STEP_MS },
];

/** What time or a person who has been told already heals: GHL's limits and outages, and an authority that is gone. */
const LAWFUL_WAITS: ReadonlySet<string> = new Set([
  'GhlRateLimited',
  'GhlUnavailable',
  'GhlCircuitOpen',
  'GhlAuthExpired',
  'AgencyNotConnected',
]);

/** Whether a step that failed so waits for what heals without an operator. @param failure the code of its last failure */
export const isLawfulWait = (failure: string): boolean => LAWFUL_WAITS.has(failure);

/** A workflow as Temporal describes it. */
export interface WorkflowStanding {
  type: string;
  /** When the last event was written to its history. */
  lastEventAt: Date;
  /** A workflow task waits for a worker, or is tried again: of those that keep failing Temporal tells by itself. */
  hasTask: boolean;
  activities: readonly {
    /** A worker has it, or had it before and it is tried again. */
    hasBegun: boolean;
    lastHeartbeatAt: Date | null;
    /** The code of what ended the last attempt. */
    lastFailure: string | null;
    /** When the step was asked for; known of those that fail for a cause that is no lawful wait. */
    askedAt: Date | null;
  }[];
}

export type LongRunDecision =
  | { isLong: false; reason: 'no-bound' | 'shows-life' | 'waits-for-ghl' | 'waits-for-worker' }
  | { isLong: true; reason: 'stands-still' }
  | { isLong: true; reason: 'step-fails'; failure: string; askedAt: Date };

/**
 * Decides whether a workflow runs longer than it should. One that does something is not stuck, however long it runs; nor is
 * one that waits for GHL, or for a worker, of which other figures tell. A step that has failed for as long as the workflow
 * may stand still, and for what neither time nor a person heals who was told, is one whatever else goes on beside it.
 */
export function judgeLongRun(standing: WorkflowStanding, now: Date): LongRunDecision {
  const bound = WORKFLOW_BOUNDS[standing.type];
  const { activities, lastEventAt, hasTask } = standing;
  for (const { lastFailure, askedAt } of activities) {
    if (lastFailure === null || askedAt === null || isLawfulWait(lastFailure)) continue;
    if (now.getTime() - askedAt.getTime() < (bound?.boundMs ?? FAILING_STEP_MS)) continue;
    return { isLong: true, reason: 'step-fails', failure: lastFailure, askedAt };
  }
  if (!bound) return { isLong: false, reason: 'no-bound' };
  const signs = [lastEventAt, ...activities.flatMap(({ lastHeartbeatAt }) => lastHeartbeatAt ?? [])];
  const lastSignMs = Math.max(...signs.map((sign) => sign.getTime()));
  if (now.getTime() - lastSignMs < bound.boundMs) return { isLong: false, reason: 'shows-life' };
  if (hasTask || activities.some(({ hasBegun }) => !hasBegun)) return { isLong: false, reason: 'waits-for-worker' };
  const isLawful = activities.some(({ lastFailure }) => lastFailure !== null && isLawfulWait(lastFailure));
  return isLawful ? { isLong: false, reason: 'waits-for-ghl' } : { isLong: true, reason: 'stands-still' };
}

/** The capability that a workflow says it belongs to: leads where it says none that is known, for they come first. */
export function capabilityOf(type: string, claimed: string | null): DeadLetterCapability {
  const known = DEAD_LETTER_CAPABILITIES.find((each) => each === claimed) ?? WORKFLOW_BOUNDS[type]?.capability;
  if (known) return known;
  return type === 'pollRounds' ? 'poll-sync' : type.startsWith('backfill') ? 'backfill' : 'lead-intake';
}

/**
 * What Temporal says of a failing workflow task, as a code word.
 * @param problems such as `category=WorkflowTaskFailed` and `cause=WorkflowTaskFailedCauseNonDeterministicError`
 */
export function problemOf(problems: readonly string[]): string {
  const named = (kind: string) => problems.find((problem) => problem.startsWith(`${kind}=`))?.slice(kind.length + 1);
  const cause = named('cause')?.replace(/^WorkflowTask(Failed|TimedOut)Cause/, '');
  const word = cause ?? named('category') ?? 'Unknown';
  return /^[A-Za-z]{1,80}$/.test(word) ? word : 'Unknown';
}

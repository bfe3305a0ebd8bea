/** How a version of the workers stands, in Temporal's words: https://docs.temporal.io/worker-versioning#versioning-statuses */
export type VersionStatus = 'inactive' | 'current' | 'ramping' | 'draining' | 'drained';

/** WORKER_DEPLOYMENT_VERSION_STATUS_… of Temporal's API. */
const STATUS_BY_NUMBER: Partial<Record<number, VersionStatus>> = {
  2: 'current',
  3: 'ramping',
  4: 'draining',
  5: 'drained',
};

/** A version's status by Temporal's number for it; one that was made, or has polled and nothing else, is inactive. */
export const versionStatusOf = (number: number): VersionStatus => STATUS_BY_NUMBER[number] ?? 'inactive';

/** Stands for workers that tell no version. No version may be called so. */
export const UNVERSIONED = 'unversioned';

/** A version of the workers that Temporal knows. */
export interface WorkerVersion {
  buildId: string;
  status: VersionStatus;
  /** When it last became current; null where it never did. */
  lastCurrentAt: Date | null;
}

/** Where Temporal sends what is to be done. A build id of null stands for workers without a version. */
export interface Routing {
  currentBuildId: string | null;
  /** The version that takes part of the workflows, and how many of a hundred. */
  ramping: { buildId: string; percentage: number } | null;
}

/** Whether nobody has changed the routing. */
export const isSameRouting = (one: Routing, other: Routing): boolean =>
  one.currentBuildId === other.currentBuildId &&
  one.ramping?.buildId === other.ramping?.buildId &&
  one.ramping?.percentage === other.ramping?.percentage;

/** Who polls a task queue. */
export interface QueuePollers {
  queue: string;
  type: 'workflow' | 'activity';
  /** A build id of null: without a version. The identity is the worker's: its process and its host or container. */
  pollers: readonly { buildId: string | null; identity: string; seenAt: Date }[];
}

/** Temporal notes when a poll begins, and a poll lasts a minute. */
const FRESH_MS = 75_000;
const isFresh = (seenAt: Date, now: Date): boolean => now.getTime() - seenAt.getTime() < FRESH_MS;

/** The queues that a version polls now. */
export const listPolledQueues = (queues: readonly QueuePollers[], buildId: string | null, now: Date): QueuePollers[] =>
  queues.filter(({ pollers }) => pollers.some((each) => each.buildId === buildId && isFresh(each.seenAt, now)));

/** The workers of a version that poll now, by their identity. */
export const listWorkers = (queues: readonly QueuePollers[], buildId: string | null, now: Date): string[] => [
  ...new Set(
    queues.flatMap(({ pollers }) =>
      pollers.filter((each) => each.buildId === buildId && isFresh(each.seenAt, now)).map(({ identity }) => identity),
    ),
  ),
];

export type TakeoverDecision =
  | { mayTakeOver: true; reason: 'ok' }
  | { mayTakeOver: false; reason: 'no-pollers' | 'queues-missing'; missing: string[] };

/**
 * Decides whether a version can do the work of another: its workers must be there, and poll, or have polled, every queue
 * that the other one polls now, for what is sent to a version waits for that version alone. Workers that are full poll no
 * more until they have a place, so that a queue once polled counts while any of them polls anything.
 * @param known the queues that the version has ever polled, as `nameQueue` names them
 */
export function judgeTakeover(
  queues: readonly QueuePollers[],
  { from, to, known }: { from: string | null; to: string | null; known: readonly string[] },
  now: Date,
): TakeoverDecision {
  const polled = listPolledQueues(queues, to, now).map(nameQueue);
  if (polled.length === 0) return { mayTakeOver: false, reason: 'no-pollers', missing: [] };
  const missing = listPolledQueues(queues, from, now)
    .map(nameQueue)
    .filter((name) => !polled.includes(name) && !known.includes(name));
  if (missing.length === 0) return { mayTakeOver: true, reason: 'ok' };
  return { mayTakeOver: false, reason: 'queues-missing', missing };
}

/** A queue and what is taken from it, for people. */
export const nameQueue = ({ queue, type }: Pick<QueuePollers, 'queue' | 'type'>): string => `${queue} (${type})`;

export type RollOutDecision =
  | { mayBegin: true; reason: 'ok'; steps: number[] }
  | { mayBegin: false; reason: 'unknown-build' | 'current-already' | 'another-ramping' };

/**
 * Decides how a version is rolled out from where routing stands: a roll-out that was cut off goes on with what is left.
 * @param ramp how many of a hundred workflows it takes, step by step, before it takes all
 */
export function planRollOut(
  { routing, versions }: { routing: Routing; versions: readonly WorkerVersion[] },
  buildId: string,
  ramp: readonly number[],
): RollOutDecision {
  if (!versions.some((version) => version.buildId === buildId)) return { mayBegin: false, reason: 'unknown-build' };
  if (routing.currentBuildId === buildId) return { mayBegin: false, reason: 'current-already' };
  const { ramping } = routing;
  if (ramping && ramping.buildId !== buildId && ramping.percentage > 0)
    return { mayBegin: false, reason: 'another-ramping' };
  const reached = ramping?.buildId === buildId ? ramping.percentage : 0;
  return { mayBegin: true, reason: 'ok', steps: ramp.filter((percentage) => percentage >= reached) };
}

export type RollBackDecision =
  | { way: 'end-ramp'; reason: 'ramping'; from: string; to: string | null }
  | { way: 'set-current'; reason: 'named' | 'current-before'; from: string | null; to: string | null }
  | { way: 'none'; reason: 'unknown-build' | 'current-already' | 'no-version-before' | 'rolled-back-already' };

/**
 * Decides what a roll-back does: it ends a ramp, for the current version has most of the work then, or makes the version
 * current again that was so before.
 * @param wanted the build id to go back to, null for workers without a version, undefined to let it be found
 * @param rolledBackTo what the last act on versions went back to; undefined where that was no roll-back. Asked twice, by one
 * or by two, a roll-back must not lead forward again, for the version before is then the one that was left
 */
export function planRollBack(
  { routing, versions }: { routing: Routing; versions: readonly WorkerVersion[] },
  wanted: string | null | undefined,
  rolledBackTo?: string | null,
): RollBackDecision {
  const { currentBuildId: current, ramping } = routing;
  if (ramping && (wanted === undefined || wanted === current))
    return { way: 'end-ramp', reason: 'ramping', from: ramping.buildId, to: current };
  if (wanted !== undefined) {
    if (wanted === current) return { way: 'none', reason: 'current-already' };
    const isKnown = wanted === null || versions.some(({ buildId }) => buildId === wanted);
    return isKnown
      ? { way: 'set-current', reason: 'named', from: current, to: wanted }
      : { way: 'none', reason: 'unknown-build' };
  }
  if (rolledBackTo === current) return { way: 'none', reason: 'rolled-back-already' };
  const before = versions
    .filter(({ buildId, lastCurrentAt }) => buildId !== current && lastCurrentAt !== null)
    .sort((one, other) => other.lastCurrentAt!.getTime() - one.lastCurrentAt!.getTime())[0];
  if (!before) return { way: 'none', reason: 'no-version-before' };
  return { way: 'set-current', reason: 'current-before', from: current, to: before.buildId };
}

export interface StopDecision {
  mayStop: boolean;
  reason: 'takes-work' | 'not-rolled-out' | 'workflows-pinned' | 'just-left' | 'drained';
}

/**
 * Decides whether the workers of a version may be stopped: not while they are given work, and not before Temporal has seen
 * that no workflow that stays with its version is left.
 * @param openPinned how many such workflows are open there
 */
export function judgeStop({ status }: Pick<WorkerVersion, 'status'>, openPinned: number): StopDecision {
  if (status === 'current' || status === 'ramping') return { mayStop: false, reason: 'takes-work' };
  if (openPinned > 0) return { mayStop: false, reason: 'workflows-pinned' };
  if (status === 'draining') return { mayStop: false, reason: 'just-left' };
  return { mayStop: true, reason: status === 'inactive' ? 'not-rolled-out' : 'drained' };
}

/** How the workflow task of a running workflow stands. */
export interface TaskStanding {
  /** How often it was tried; 0 where none waits. */
  attempt: number;
  /** The version it goes to; null where that has none. */
  buildId: string | null;
  /** How the last try ended, where that was a failure: Temporal's word for it. */
  failure: string | null;
}

/** Failures that are in order: something came while the task was completed, or the workflow was reset or ended by force. */
const HARMLESS_FAILURES: ReadonlySet<string> = new Set([
  'UNHANDLED_COMMAND',
  'UNHANDLED_UPDATE',
  'RESET_WORKFLOW',
  'RESET_STICKY_TASK_QUEUE',
  'FORCE_CLOSE_COMMAND',
]);

/**
 * Whether a workflow cannot get on because of a version. A worker tells the first failure only, and lets later tries run
 * into their time: the attempt tells that it goes on.
 */
export const isBrokenBy = (buildId: string, { attempt, failure, ...task }: TaskStanding): boolean =>
  task.buildId === buildId && attempt > 1 && failure !== null && !HARMLESS_FAILURES.has(failure);

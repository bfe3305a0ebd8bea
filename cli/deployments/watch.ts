import { setTimeout as sleep } from 'node:timers/promises';
import { TemporalUnavailableError } from '../../client.ts';
import { judgeTakeover, listPolledQueues, listWorkers, type Routing } from '../../domain/worker-deployment.ts';
import { CommandError } from '../failure.ts';
import { type Deployments, getUnchanged } from './deployment.ts';

/** How often it is looked whether all goes well. */
const LOOK_MS = 1_000;
/** Looks in a row that Temporal may leave without an answer. */
const MISSES_AT_MOST = 10;
/** A poller is known, and the queues follow the routing, within seconds; more is a failure. */
const READY_MS = 30_000;
/** A probe is one turn of a workflow and one look into Postgres. */
const PROBE_MS = 30_000;
const NAMED_WORKFLOWS = 3;

/**
 * Waits until a version's workers poll all that another version's poll now.
 * @param waitMs how long at most
 * @throws CommandError when they do not
 */
export async function awaitPollers(
  at: Deployments,
  versions: { from: string | null; to: string | null },
  waitMs = READY_MS,
): Promise<void> {
  const { client, of, session } = at;
  const { deploymentName } = of;
  const { to } = versions;
  const deadlineMs = Date.now() + waitMs;
  for (;;) {
    const known = to === null ? [] : await client.listQueuesOf({ deploymentName, buildId: to });
    const pollers = await client.listPollers(deploymentName);
    const decision = judgeTakeover(pollers, { ...versions, known }, session.terminal.now());
    if (decision.mayTakeOver) return;
    if (Date.now() >= deadlineMs) throw describeUnready(decision);
    await sleep(LOOK_MS);
  }
}

function describeUnready({
  reason,
  missing,
}: {
  reason: 'no-pollers' | 'queues-missing';
  missing: string[];
}): CommandError {
  const advice = 'Start them, look at their /readyz, and come again.';
  if (reason === 'no-pollers') return new CommandError(reason, `No workers of it poll. ${advice}`);
  const what = `Nobody of it polls ${missing.join(', ')}, as is done now: what goes there would wait.`;
  return new CommandError(reason, `${what} Look at WORKER_QUEUES. ${advice}`);
}

/** Waits until all queues follow the routing. @throws CommandError when they do not within half a minute */
export async function awaitSettled({ client, of }: Deployments): Promise<void> {
  const deadlineMs = Date.now() + READY_MS;
  while ((await client.findDeployment(of.deploymentName))?.isSettled === false) {
    if (Date.now() > deadlineMs) throw new CommandError('unsettled', 'Temporal’s queues do not follow the change.');
    await sleep(LOOK_MS);
  }
}

/** A version, and the queues of workflows that its workers polled before it was given anything. */
export interface Newcomer {
  buildId: string;
  queues: readonly string[];
}

/** Looks which queues of workflows a version polls now. @throws TemporalUnavailableError */
export async function lookAt({ client, of, session }: Deployments, buildId: string): Promise<Newcomer> {
  const pollers = await client.listPollers(of.deploymentName);
  const polled = listPolledQueues(pollers, buildId, session.terminal.now());
  return { buildId, queues: polled.filter(({ type }) => type === 'workflow').map(({ queue }) => queue) };
}

/** Has a version do a piece of work on each of its queues. @throws CommandError when one is not done */
export async function tryVersion({ client, of }: Deployments, { buildId, queues }: Newcomer): Promise<void> {
  const { deploymentName } = of;
  const deadlineMs = Date.now() + READY_MS;
  const probe = async (queue: string): Promise<boolean> => {
    for (;;) {
      const outcome = await client.probeVersion({ deploymentName, buildId }, queue, PROBE_MS);
      // A queue hears of a version a moment after its first poll.
      if (outcome !== 'not-taken' || Date.now() > deadlineMs) return outcome === 'done';
      await sleep(LOOK_MS);
    }
  };
  const done = await Promise.all(queues.map(probe));
  const idle = queues.filter((_, index) => !done[index]);
  if (idle.length === 0) return;
  const what = `Workers of ${buildId} did not do a piece of work on ${idle.join(', ')} within ${PROBE_MS / 1_000} s.`;
  throw new CommandError('version-idle', `${what} Their log and /readyz tell more.`);
}

/**
 * Watches a version that has been given work: that its workers are there, that no workflow stops on it, that nobody
 * else changes what it has, and, when the time is over, that it still does a piece of work on each queue.
 * @param watch.since when it was first given work
 * @param watch.routing what was made of the routing
 * @throws CommandError as soon as it fails; TemporalUnavailableError when Temporal stays away
 */
export async function watchVersion(
  at: Deployments,
  version: Newcomer,
  { since, routing, forMs }: { since: Date; routing: Routing; forMs: number },
): Promise<void> {
  const { client, of, session } = at;
  const { buildId } = version;
  const untilMs = Date.now() + forMs;
  for (let misses = 0; ;) {
    try {
      await getUnchanged(at, routing);
      const broken = await client.listBrokenBy(buildId, since);
      if (broken.length > 0) throw describeBroken(buildId, broken);
      const pollers = await client.listPollers(of.deploymentName);
      if (listWorkers(pollers, buildId, session.terminal.now()).length === 0) {
        throw new CommandError('pollers-gone', `No workers of ${buildId} poll any more.`);
      }
      misses = 0;
    } catch (error) {
      misses += 1;
      if (!(error instanceof TemporalUnavailableError) || misses > MISSES_AT_MOST) throw error;
    }
    if (Date.now() >= untilMs) break;
    await sleep(LOOK_MS);
  }
  await tryVersion(at, version);
}

function describeBroken(buildId: string, broken: readonly { workflowId: string; failure: string }[]): CommandError {
  const some = broken.slice(0, NAMED_WORKFLOWS).map(({ workflowId, failure }) => `  ${workflowId} (${failure})`);
  const more = broken.length > NAMED_WORKFLOWS ? [`  and ${broken.length - NAMED_WORKFLOWS} more`] : [];
  const advice = 'The workers’ log says why; cli replay tries one of them against the code at hand.';
  const headline = `Workflows cannot go on with ${buildId}:`;
  return new CommandError('version-broken', [headline, ...some, ...more, advice].join('\n'));
}

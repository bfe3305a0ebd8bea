import type { Command } from 'commander';
import { z } from 'zod';
import { judgeStop, listWorkers, type StopDecision } from '../../domain/worker-deployment.ts';
import { perform } from '../command.ts';
import { type Answer, formatTable } from '../output.ts';
import type { Session } from '../session.ts';
import { getDeployment, nameVersion, openDeployments } from './deployment.ts';

export function addDeploymentsDrainStatus(deployments: Command, session: Session): void {
  const status = deployments
    .command('drain-status')
    .description('what still needs each version, and which workers may be stopped');
  perform(status, session, z.object({}), () => showDrainage(session));
}

const WHY: Record<StopDecision['reason'], string> = {
  'takes-work': 'keep: it is given work',
  'not-rolled-out': 'nothing needs it yet (deployments roll-out)',
  'workflows-pinned': 'keep: workflows end on it',
  'just-left': 'keep: Temporal looks again within minutes whether anything ends on it',
  drained: 'may be stopped; a roll-back to it needs them again',
};

async function showDrainage(session: Session): Promise<Answer> {
  const opened = await openDeployments(session);
  const { client, of } = opened;
  const { routing, versions } = await getDeployment(opened);
  const pollers = await client.listPollers(of.deploymentName);
  const workersOf = (id: string | null): string[] => listWorkers(pollers, id, session.terminal.now());
  const listed = await Promise.all(
    versions.map(async ({ buildId, status }) => {
      const openPinned = await client.countOnVersion({ ...of, buildId }, 'open-pinned');
      return { buildId, status, openPinned, workers: workersOf(buildId), ...judgeStop({ status }, openPinned) };
    }),
  );
  const rows = listed.map((each) => [
    each.buildId,
    each.status,
    each.openPinned,
    each.workers.join(', '),
    WHY[each.reason],
  ]);
  const table = formatTable(['build', 'status', 'workflows ending on it', 'workers that poll', 'so'], rows, '');
  const notes = listed
    .filter((each) => each.openPinned > 0 && each.workers.length === 0)
    .map(
      ({ buildId, openPinned }) =>
        `${openPinned} workflows wait for workers of ${buildId}, which are gone: start them.`,
    );
  const { currentBuildId } = routing;
  const unversioned = { workers: workersOf(null), mayStop: currentBuildId !== null };
  if (unversioned.workers.length > 0 && unversioned.mayStop) {
    const who = unversioned.workers.join(', ');
    notes.push(`Workers without a version poll as well and are given nothing: ${who} may be stopped.`);
  }
  return {
    data: { versions: listed, unversioned },
    text: [table, `Current: ${nameVersion(currentBuildId)}`, ...notes].join('\n\n'),
  };
}

import type { Command } from 'commander';
import { z } from 'zod';
import { judgeStop, listPolledQueues, type StopDecision } from '../../domain/worker-deployment.ts';
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
  const isPolling = (id: string | null): boolean => listPolledQueues(pollers, id, session.terminal.now()).length > 0;
  const listed = await Promise.all(
    versions.map(async ({ buildId, status }) => {
      const openPinned = await client.countOnVersion({ ...of, buildId }, 'open-pinned');
      return { buildId, status, openPinned, isPolling: isPolling(buildId), ...judgeStop({ status }, openPinned) };
    }),
  );
  const rows = listed.map((each) => [each.buildId, each.status, each.openPinned, each.isPolling, WHY[each.reason]]);
  const table = formatTable(['build', 'status', 'workflows ending on it', 'workers poll', 'its workers'], rows, '');
  const notes = listed
    .filter((each) => each.openPinned > 0 && !each.isPolling)
    .map(
      ({ buildId, openPinned }) =>
        `${openPinned} workflows wait for workers of ${buildId}, which are gone: start them.`,
    );
  const { currentBuildId } = routing;
  if (isPolling(null) && currentBuildId !== null) {
    notes.push('Workers without a version poll as well and are given nothing: they may be stopped.');
  }
  return {
    data: { versions: listed, unversioned: { isPolling: isPolling(null), mayStop: currentBuildId !== null } },
    text: [table, `Current: ${nameVersion(currentBuildId)}`, ...notes].join('\n\n'),
  };
}

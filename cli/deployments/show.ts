import type { Command } from 'commander';
import { z } from 'zod';
import { listPolledQueues } from '../../domain/worker-deployment.ts';
import { perform } from '../command.ts';
import { type Answer, formatTable } from '../output.ts';
import type { Session } from '../session.ts';
import { getDeployment, nameVersion, openDeployments } from './deployment.ts';

export function addDeploymentsShow(deployments: Command, session: Session): void {
  const show = deployments
    .command('show')
    .description('which version has the work, which takes a part of it, and who polls');
  perform(show, session, z.object({}), () => showDeployment(session));
}

async function showDeployment(session: Session): Promise<Answer> {
  const opened = await openDeployments(session);
  const { routing, versions } = await getDeployment(opened);
  const pollers = await opened.client.listPollers(opened.of.deploymentName);
  const queuesOf = (id: string | null): number => listPolledQueues(pollers, id, session.terminal.now()).length;
  const listed = [
    ...versions.map(({ buildId, status, lastCurrentAt }) => {
      const percentage = routing.ramping?.buildId === buildId ? routing.ramping.percentage : null;
      return { buildId, status, percentage, polledQueues: queuesOf(buildId), lastCurrentAt };
    }),
    { buildId: null, status: null, percentage: null, polledQueues: queuesOf(null), lastCurrentAt: null },
  ];
  const rows = listed.map((each) => [
    nameVersion(each.buildId),
    each.buildId === null && routing.currentBuildId === null ? 'current' : each.status,
    each.percentage === null ? null : `${each.percentage} %`,
    each.polledQueues,
    each.lastCurrentAt,
  ]);
  const headings = ['build', 'status', 'takes', 'queues it polls', 'last made current'];
  const note =
    routing.currentBuildId === null
      ? `No version is current: what is not ramped goes to workers without a version.`
      : `Current: ${routing.currentBuildId}`;
  return {
    data: { deployment: opened.of.deploymentName, routing, versions: listed },
    text: `${formatTable(headings, rows, '')}\n\n${note}`,
  };
}

import type { Command } from 'commander';
import { addDeploymentsDrainStatus } from './deployments/drain-status.ts';
import { addDeploymentsRollBack } from './deployments/roll-back.ts';
import { addDeploymentsRollOut } from './deployments/roll-out.ts';
import { addDeploymentsShow } from './deployments/show.ts';
import type { Session } from './session.ts';

const HELP = `
A new version, when its workers run beside the old ones (docs/deploy.md):
  deployments roll-out <build id>          says what would happen
  deployments roll-out <build id> --yes    a part of the workflows at a time; back by itself when it cannot go on with one
  deployments drain-status                 which workers may be stopped
  deployments roll-back --yes              to the version before, at once
`;

export function addDeploymentCommands(program: Command, session: Session): void {
  const deployments = program
    .command('deployments')
    .description('versions of the workers: which has the work, rolling one out, and back')
    .addHelpText('after', HELP);
  addDeploymentsShow(deployments, session);
  addDeploymentsRollOut(deployments, session);
  addDeploymentsRollBack(deployments, session);
  addDeploymentsDrainStatus(deployments, session);
}

import type { Command } from 'commander';
import { addInstallsList } from './installs/list.ts';
import { addInstallsSetToken } from './installs/set-token.ts';
import type { Session } from './session.ts';

export function addInstallCommands(program: Command, session: Session): void {
  const installs = program.command('installs').description('the authority to call GHL');
  addInstallsSetToken(installs, session);
  addInstallsList(installs, session);
}

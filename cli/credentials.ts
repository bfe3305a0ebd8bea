import type { Command } from 'commander';
import { addCredentialsRotate } from './credentials/rotate.ts';
import type { Session } from './session.ts';

export function addCredentialCommands(program: Command, session: Session): void {
  const credentials = program.command('credentials').description('the tokens that GHL is called with');
  addCredentialsRotate(credentials, session);
}

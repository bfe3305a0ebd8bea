import type { Command } from 'commander';
import { addOperatorsAudit } from './operators/audit.ts';
import { addOperatorsList } from './operators/list.ts';
import { addOperatorsRevoke } from './operators/revoke.ts';
import { addOperatorsSignInLink } from './operators/sign-in-link.ts';
import { addOperatorsToken } from './operators/token.ts';
import type { Session } from './session.ts';

export function addOperatorCommands(program: Command, session: Session): void {
  const operators = program
    .command('operators')
    .description('who may read workflows: of all agencies, in the Web UI and by Temporal’s CLI');
  addOperatorsSignInLink(operators, session);
  addOperatorsToken(operators, session);
  addOperatorsList(operators, session);
  addOperatorsRevoke(operators, session);
  addOperatorsAudit(operators, session);
}

import type { Command } from 'commander';
import { addLeadsClose } from './leads/close.ts';
import { addLeadsList } from './leads/list.ts';
import { addLeadsReassign } from './leads/reassign.ts';
import { addLeadsRedrive } from './leads/redrive.ts';
import { addLeadsShow } from './leads/show.ts';
import type { Session } from './session.ts';

export function addLeadCommands(program: Command, session: Session): void {
  const leads = program.command('leads').description('the leads: ids and codes, no personal data');
  addLeadsList(leads, session);
  addLeadsShow(leads, session);
  addLeadsReassign(leads, session);
  addLeadsClose(leads, session);
  addLeadsRedrive(leads, session);
}

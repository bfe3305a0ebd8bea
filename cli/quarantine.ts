import type { Command } from 'commander';
import { addQuarantineList } from './quarantine/list.ts';
import { addQuarantineOpen } from './quarantine/open.ts';
import type { Session } from './session.ts';

export function addQuarantineCommands(program: Command, session: Session): void {
  const quarantine = program
    .command('quarantine')
    .description('the last deliveries whose signature was refused; POST /operator/quarantine/take takes them in');
  addQuarantineList(quarantine, session);
  addQuarantineOpen(quarantine, session);
}

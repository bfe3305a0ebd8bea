import type { Command } from 'commander';
import { addTriggersAdd } from './triggers/add.ts';
import { addTriggersList } from './triggers/list.ts';
import { addTriggersRemove } from './triggers/remove.ts';
import type { Session } from './session.ts';

export function addTriggerCommands(program: Command, session: Session): void {
  const triggers = program.command('triggers').description('what makes a lead of a contact that is known already');
  addTriggersAdd(triggers, session);
  addTriggersList(triggers, session);
  addTriggersRemove(triggers, session);
}

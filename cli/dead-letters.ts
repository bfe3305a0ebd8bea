import type { Command } from 'commander';
import { addDeadLettersAgencies } from './dead-letters/agencies.ts';
import { addDeadLettersDiscard, addDeadLettersDiscardUnclaimed } from './dead-letters/discard.ts';
import { addDeadLettersGroups } from './dead-letters/groups.ts';
import { addDeadLettersList } from './dead-letters/list.ts';
import { addDeadLettersRedrive } from './dead-letters/redrive.ts';
import { addDeadLettersShow } from './dead-letters/show.ts';
import { addDeadLettersUnclaimed } from './dead-letters/unclaimed.ts';
import type { Session } from './session.ts';

export function addDeadLetterCommands(program: Command, session: Session): void {
  const letters = program.command('dead-letters').description('work that stopped for good and waits for an operator');
  addDeadLettersAgencies(letters, session);
  addDeadLettersList(letters, session);
  addDeadLettersGroups(letters, session);
  addDeadLettersShow(letters, session);
  addDeadLettersRedrive(letters, session);
  addDeadLettersDiscard(letters, session);
  addDeadLettersUnclaimed(letters, session);
  addDeadLettersDiscardUnclaimed(letters, session);
}

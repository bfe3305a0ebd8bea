import type { Command } from 'commander';
import { addContactsConflicts } from './contacts/conflicts.ts';
import { addContactsDuplicates } from './contacts/duplicates.ts';
import { addContactsEdit } from './contacts/edit.ts';
import { addContactsList } from './contacts/list.ts';
import { addContactsMerge } from './contacts/merge.ts';
import { addContactsPolicy } from './contacts/policy.ts';
import { addContactsRedrive } from './contacts/redrive.ts';
import { addContactsResolve } from './contacts/resolve.ts';
import { addContactsShow } from './contacts/show.ts';
import type { Session } from './session.ts';

export function addContactCommands(program: Command, session: Session): void {
  const contacts = program
    .command('contacts')
    .description('contacts, and how far our changes of them have come; show and conflicts print personal data');
  addContactsList(contacts, session);
  addContactsShow(contacts, session);
  addContactsEdit(contacts, session);
  addContactsRedrive(contacts, session);
  addContactsConflicts(contacts, session);
  addContactsResolve(contacts, session);
  addContactsPolicy(contacts, session);
  addContactsDuplicates(contacts, session);
  addContactsMerge(contacts, session);
}

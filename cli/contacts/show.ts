import type { Command } from 'commander';
import { z } from 'zod';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { id, inAgencyInput } from '../inputs.ts';
import type { Session } from '../session.ts';
import { describeContact, getNamedContact } from './view.ts';

const input = z.object({ ...inAgencyInput, contact: id });

export function addContactsShow(contacts: Command, session: Session): void {
  const show = contacts
    .command('show')
    .description('what a contact is to be, who set each field, and how far our changes have come')
    .argument('<contact>', 'the contact’s id here');
  addAgencyOption(show);
  perform(show, session, input, (given) =>
    inAgency(session, given.agency, async (tx) => describeContact(tx, await getNamedContact(tx, given.contact))),
  );
}

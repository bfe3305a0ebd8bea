import type { Command } from 'commander';
import { z } from 'zod';
import { redriveContact } from '../../db/contact-changes.ts';
import { addAgencyOption, inAgency, perform, recordAct } from '../command.ts';
import { id, inAgencyInput } from '../inputs.ts';
import type { Session } from '../session.ts';
import { lockRedrivableContact } from './view.ts';

const input = z.object({ ...inAgencyInput, contact: id });

export function addContactsRedrive(contacts: Command, session: Session): void {
  const redrive = contacts
    .command('redrive')
    .description('try again what GHL did not take of a contact: nothing is written twice')
    .argument('<contact>', 'the contact’s id here');
  addAgencyOption(redrive);
  perform(redrive, session, input, async ({ agency: agencyId, contact: named }) =>
    inAgency(session, agencyId, async (tx) => {
      const contact = await lockRedrivableContact(tx, named);
      const redriven = await redriveContact(tx, contact, session.terminal.now());
      const act = { action: 'contact.redrive', subject: `contact:${contact.id}`, after: { redriven } };
      await recordAct(tx, session, { agencyId, ...act });
      return { data: { id: contact.id, redriven }, text: `Tried again: ${redriven} of its changes had failed.` };
    }),
  );
}

import type { Command } from 'commander';
import { z } from 'zod';
import { candidatesOf } from '../../db/contact-conflicts.ts';
import { listHeldEdits } from '../../db/contact-edits.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { inAgencyInput, limit } from '../inputs.ts';
import { getNamedLocation, locationReference } from '../locations/reference.ts';
import { formatTable } from '../output.ts';
import type { Session } from '../session.ts';

const input = z.object({ ...inAgencyInput, location: locationReference.optional(), limit });

export function addContactsConflicts(contacts: Command, session: Session): void {
  const conflicts = contacts
    .command('conflicts')
    .description('what waits for a decision: a field with our value and GHL’s, or who in GHL a new contact is')
    .option('--location <location>', 'our id or GHL’s')
    .option('--limit <n>', 'how many', '50');
  addAgencyOption(conflicts);
  perform(conflicts, session, input, async (given) => {
    const held = await inAgency(session, given.agency, async (tx) => {
      const locationId = given.location === undefined ? undefined : (await getNamedLocation(tx, given.location)).id;
      return listHeldEdits(tx, { locationId, limit: given.limit });
    });
    const rows = held.map((edit) => [
      edit.id,
      edit.contactId,
      edit.field,
      JSON.stringify(edit.value),
      candidatesOf(edit) ? `one of ${(candidatesOf(edit) ?? []).join(', ')}?` : JSON.stringify(edit.theirs),
      edit.reason,
      edit.madeAt,
    ]);
    const headings = ['id', 'contact', 'field', 'ours', 'GHL’s', 'why', 'made'];
    return { data: held, text: formatTable(headings, rows, 'There are none.') };
  });
}

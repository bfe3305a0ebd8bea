import type { Command } from 'commander';
import { z } from 'zod';
import { listSharingContacts } from '../../db/duplicate-contacts.ts';
import { groupDuplicates } from '../../domain/contact-duplicates.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { inAgencyInput, limit } from '../inputs.ts';
import { getNamedLocation, locationReference } from '../locations/reference.ts';
import { formatTable } from '../output.ts';
import type { Session } from '../session.ts';

const input = z.object({
  ...inAgencyInput,
  location: locationReference.optional(),
  across: z.boolean().default(false),
  limit,
});

export function addContactsDuplicates(contacts: Command, session: Session): void {
  const duplicates = contacts
    .command('duplicates')
    .description('contacts that share an e-mail or a phone, inside each location')
    .option('--location <location>', 'only this one: our id or GHL’s')
    .option('--across', 'across the locations of the agency')
    .option('--limit <n>', 'how many shared identifiers of each kind', '100');
  addAgencyOption(duplicates);
  perform(duplicates, session, input, async ({ agency: agencyId, location, across, limit: most }) => {
    const shared = await inAgency(session, agencyId, async (tx) => {
      const locationId = location === undefined ? undefined : (await getNamedLocation(tx, location)).id;
      return listSharingContacts(tx, { agencyId, within: across ? 'agency' : 'location', locationId, limit: most });
    });
    const groups = groupDuplicates(shared);
    const rows = groups.flatMap(({ contactIds, reasons }, index) =>
      contactIds.map((contactId) => {
        const found = shared.find((each) => each.contactId === contactId);
        return [index + 1, contactId, found?.locationId, found?.ghlId, reasons.join(', ')];
      }),
    );
    const headings = ['group', 'contact', 'location', 'in GHL', 'why'];
    return { data: groups, text: formatTable(headings, rows, 'There are none.') };
  });
}

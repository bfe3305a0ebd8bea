import type { Command } from 'commander';
import { z } from 'zod';
import { type ContactEdit, listUnsettledEdits } from '../../db/contact-edits.ts';
import { type Contact, listContacts } from '../../db/contacts.ts';
import { judgeSync, SYNC_STATUSES } from '../../domain/contact-edit.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { id, inAgencyInput, limit } from '../inputs.ts';
import { getNamedLocation, locationReference } from '../locations/reference.ts';
import { type Answer, formatTable } from '../output.ts';
import type { Session } from '../session.ts';

const input = z.object({
  ...inAgencyInput,
  location: locationReference.optional(),
  syncStatus: z.enum(SYNC_STATUSES, `wanted is one of ${SYNC_STATUSES.join(', ')}`).optional(),
  after: id.optional(),
  limit,
});

export function addContactsList(contacts: Command, session: Session): void {
  const list = contacts
    .command('list')
    .description('contacts by their ids, and how far our changes of them have come; show tells the rest')
    .option('--location <location>', 'our id or GHL’s')
    .option('--sync-status <status>', `one of ${SYNC_STATUSES.join(', ')}`)
    .option('--after <contact>', 'goes on behind this one')
    .option('--limit <n>', 'how many', '50');
  addAgencyOption(list);
  perform(list, session, input, (given) => showContacts(session, given));
}

async function showContacts(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const { syncStatus, after, limit: most } = given;
  const { found, edits } = await inAgency(session, given.agency, async (tx) => {
    const locationId = given.location === undefined ? undefined : (await getNamedLocation(tx, given.location)).id;
    // One more than asked for tells whether there are others.
    const listed = await listContacts(tx, { locationId, syncStatus }, { after, limit: most + 1 });
    return {
      found: listed,
      edits: await listUnsettledEdits(
        tx,
        listed.map((each) => each.id),
      ),
    };
  });
  const contacts = found.slice(0, most).map((contact) => view(contact, edits));
  const next = found.length > most ? (contacts.at(-1)?.id ?? null) : null;
  const rows = contacts.map((each) => [
    each.id,
    each.locationId,
    each.ghlContactId,
    each.syncStatus,
    each.retryCount,
    each.lastError,
    each.updatedAt,
  ]);
  const headings = ['contact', 'location', 'in GHL', 'changes', 'retries', 'last error', 'changed in GHL'];
  const table = formatTable(headings, rows, 'There are no such contacts.');
  return { data: { contacts, next }, text: next === null ? table : `${table}\n\nThere are more: --after ${next}` };
}

const view = (contact: Contact, edits: readonly ContactEdit[]) => ({
  id: contact.id,
  locationId: contact.location_id,
  ghlContactId: contact.ghl_id,
  updatedAt: contact.ghl_updated_at,
  ...judgeSync(edits.filter(({ contactId }) => contactId === contact.id)),
});

import { changeContact, makeContact } from '../../db/contact-changes.ts';
import { type ContactEdit, listUnsettledEdits } from '../../db/contact-edits.ts';
import { editorKeyOf } from '../../db/contact-work.ts';
import { type Contact, findContact, findContactByGhlId, lockContact } from '../../db/contacts.ts';
import { withScope } from '../../db/scope.ts';
import type { FieldName } from '../../domain/contact-fields.ts';
import type { FieldValue } from '../../domain/mirror.ts';
import type { EditedContactArgs } from '../../activities/contact-target.ts';
import { run } from '../stack/activity-bench.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';

type NewContact = Omit<Parameters<Neighbours['bench']['simulator']['createContact']>[0], 'locationId'>;
export type Changes = Partial<Record<FieldName, FieldValue>>;

/** Contacts of one location, here and in GHL. */
export async function startContactWorld(options?: Parameters<typeof startNeighbours>[0]) {
  const all: Neighbours = await startNeighbours(options);
  const { bench, agency } = all;
  const { agencyId } = agency;
  const { db, ownerDb } = bench.database;
  const locationId = agency.location('chelsea');
  const ghlLocationId = agency.ghlLocation('chelsea');
  const asAgency = <T>(work: Parameters<typeof withScope<T>>[2]): Promise<T> => withScope(db, { agencyId }, work);
  const listed = (changes: Changes) =>
    Object.entries(changes).map(([field, value]) => ({ field: field as FieldName, value: value ?? null }));
  const act = (actor: string) => ({ actor, origin: 'api' as const, now: new Date() });
  const world = {
    ...all,
    agencyId,
    locationId,
    ghlLocationId,
    asAgency,
    /** Makes a contact in GHL as a person does. */
    inGhl: (fields: NewContact) => bench.simulator.createContact({ locationId: ghlLocationId, ...fields }),
    /** Brings what GHL has of a contact into the mirror, as an event of it does. */
    async read(ghlId: string): Promise<Contact> {
      const changes = [{ resource: 'contact' as const, ghlId }];
      await run(bench.contactsGhl.readChanges, { agencyId, locationId, changes });
      return (await asAgency((tx) => findContactByGhlId(tx, locationId, ghlId)))!;
    },
    /** A contact that a person made in GHL and that the mirror knows. */
    async known(fields: NewContact): Promise<Contact> {
      return world.read((await world.inGhl(fields)).id);
    },
    change: (contactId: string, changes: Changes, actor = 'tester'): Promise<FieldName[]> =>
      asAgency(async (tx) => changeContact(tx, (await lockContact(tx, contactId))!, listed(changes), act(actor))),
    make: (changes: Changes): Promise<Contact> =>
      asAgency((tx) => makeContact(tx, { agencyId, locationId }, listed(changes), act('tester'))),
    get: async (contactId: string): Promise<Contact> => (await asAgency((tx) => findContact(tx, contactId)))!,
    async args(contactId: string): Promise<EditedContactArgs> {
      const contact = await world.get(contactId);
      return { agencyId, locationId, contactKey: editorKeyOf(contact), contactId };
    },
    /** Runs the step of the contact's workflow that writes. */
    push: async (contactId: string, attempt = 1): Promise<void> =>
      run(bench.editsGhl.writeContactEdits, await world.args(contactId), { attempt }),
    unsettled: (contactId: string): Promise<ContactEdit[]> => asAgency((tx) => listUnsettledEdits(tx, [contactId])),
    /** What became of each edit of a contact, oldest first. */
    async fates(contactId: string): Promise<string[]> {
      const rows = await ownerDb
        .selectFrom('contact_edits')
        .select(['field', 'state', 'reason'])
        .where('contact_id', '=', contactId)
        .orderBy('id')
        .execute();
      return rows.map((row) => `${row.field} ${row.state} ${row.reason ?? ''}`.trim());
    },
    async shown(ghlId: string) {
      return (await bench.simulator.listContacts(ghlLocationId)).find((each) => each.id === ghlId);
    },
    /** The calls to GHL about contacts since they were last asked for. */
    async calls(): Promise<string[]> {
      const { last } = await bench.simulator.getCalls();
      await bench.simulator.resetCalls();
      return last.filter(({ route }) => route.startsWith('/contacts')).map(({ method, route }) => `${method} ${route}`);
    },
    /** What the inbox holds for workflows of contacts. */
    async inbox(): Promise<string[]> {
      const rows = await ownerDb
        .selectFrom('event_capabilities')
        .select('workflow_id')
        .where('agency_id', '=', agencyId)
        .where('capability', '=', 'contact-sync')
        .execute();
      return rows.map((row) => row.workflow_id);
    },
  };
  return world;
}

export type ContactWorld = Awaited<ReturnType<typeof startContactWorld>>;

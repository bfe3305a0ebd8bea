import { v7 as uuidv7 } from 'uuid';
import { findContactByGhlId } from '../../db/contacts.ts';
import type { ContactChange } from '../../domain/contact-change.ts';
import { run } from '../stack/activity-bench.ts';
import { somebody } from '../stack/lead-harness.ts';
import { startContactWorld } from './contact-world.ts';
import { createPollWorld } from './poll-world.ts';

/** Contacts of a live intake account with the tag trigger `hot`, and leads that are open with some of them. */
export async function startNewsWorld() {
  const world = await startContactWorld();
  const { agencyId, locationId, agency, bench } = world;
  const { ownerDb } = bench.database;
  const live_at = new Date(Date.now() - 3_600_000);
  await ownerDb.updateTable('locations').set({ is_intake: true, live_at }).where('id', '=', locationId).execute();
  const polling = createPollWorld(bench, agency, 'chelsea');
  const news = {
    ...world,
    polling,
    async addTrigger(name: string, kind: 'tag' | 'field', subject: string): Promise<void> {
      const trigger = { id: uuidv7(), agency_id: agencyId, location_id: locationId, name, kind, subject };
      await ownerDb.insertInto('lead_triggers').values(trigger).execute();
    },
    /** A contact whose creation was told, and made no lead, and that the mirror knows. */
    async told(fields: Parameters<typeof world.inGhl>[0] = {}): Promise<string> {
      const { id } = await world.inGhl({ ...person(), ...fields });
      await agency.event({ type: 'ContactCreate', id, locationId: world.ghlLocationId }, 'chelsea');
      await world.read(id);
      return id;
    },
    idOf: async (ghlId: string): Promise<string> =>
      (await world.asAgency((tx) => findContactByGhlId(tx, locationId, ghlId)))!.id,
    readChanges: (...changes: ContactChange[]) => run(bench.contactsGhl.readChanges, { agencyId, locationId, changes }),
    /** Has GHL tell of a contact as it is now, and what cannot be told without a read followed. */
    async deliver(ghlId: string, type: 'ContactCreate' | 'ContactUpdate' | 'ContactTagUpdate'): Promise<void> {
      const event = { ...(await world.shown(ghlId))!, type, locationId: world.ghlLocationId };
      await run(bench.accountsGhl.rereadEvent, { agencyId, event: await agency.event(event, 'chelsea') });
    },
    changeInGhl: (ghlId: string, fields: Parameters<typeof bench.simulator.updateContact>[1]) =>
      bench.simulator.updateContact(ghlId, fields),
    /** By which triggers a contact has made leads; null for its creation. */
    leadsOf: async (contactId: string) =>
      (await polling.leads()).filter((lead) => lead.source_contact_id === contactId).map((lead) => lead.trigger_name),
    /** A lead that is open with a contact of the location. */
    async open(enquirer = somebody('10011')) {
      const { leadId } = await agency.placed(enquirer);
      const contactId = (await agency.assignments(leadId))[0]!.ghl_contact_id!;
      await world.read(contactId);
      return { leadId, contactId };
    },
    /** What the workflow of a lead is told. */
    async toldTo(leadId: string): Promise<string[]> {
      const rows = await ownerDb
        .selectFrom('event_capabilities')
        .select('input')
        .where('ordering_key', '=', `lead:${leadId}`)
        .where('capability', '=', 'lead-follow-up')
        .orderBy('sequence')
        .execute();
      return rows.map(({ input }) => (input as { change: { kind: string } }).change.kind);
    },
  };
  await news.addTrigger('hot', 'tag', 'hot');
  await polling.round('contact', 'delta');
  return news;
}

export type NewsWorld = Awaited<ReturnType<typeof startNewsWorld>>;

/** Who may be a contact. */
export const person = () => {
  const { postcode: _postcode, ...identity } = somebody('10011');
  return identity;
};

import { bookAppointment, changeAppointment } from '../resources/calendars/appointment-writes.ts';
import { mergeContacts } from '../resources/contact-merge.ts';
import { createContact, deleteContact, updateContact } from '../resources/contact-writes.ts';
import { receiveMessage } from '../resources/messaging/inbound.ts';
import { sendMessage } from '../resources/messaging/message-writes.ts';
import { addNote } from '../resources/notes.ts';
import { createOpportunity, updateOpportunity } from '../resources/opportunity-writes.ts';
import type { Simulation } from '../simulation.ts';
import type { Contact, Location } from '../world/records.ts';
import type { ChangeKind } from './ledger.ts';

/** What a change works with: `draw` gives a whole number below its argument. */
export interface Scene {
  sim: Simulation;
  location: Location;
  number: number;
  draw: (below: number) => number;
  /** A contact of the location; undefined where there is none. */
  pick: () => Contact | undefined;
}

/** What was changed; undefined where nothing there can be changed so. */
type Done = { contactId: string; subjectId?: string | undefined } | undefined;

const dayMs = 86_400_000;

/** How each kind is done: the ways of GHL's own screens, by which the same rules hold and the same webhooks fire. */
export const doChange: Record<ChangeKind, (scene: Scene) => Done> = {
  create({ sim, location, number }) {
    const person = { firstName: 'Live', lastName: `Person ${number}`, source: 'live changes' };
    const { id } = createContact(sim, location, { ...person, email: `live.${number}@example.com` });
    return { contactId: id };
  },
  update({ sim, number, draw, pick }) {
    const contact = pick();
    if (!contact) return undefined;
    const field = (['city', 'address1', 'source', 'lastName'] as const)[draw(4)] ?? 'city';
    updateContact(sim, contact, { [field]: `Changed ${number}` });
    return { contactId: contact.id };
  },
  tag({ sim, number, draw, pick }) {
    const contact = pick();
    if (!contact) return undefined;
    const [first, ...rest] = contact.tags;
    const tags = first !== undefined && draw(2) === 0 ? rest : [...contact.tags, `live ${number}`];
    updateContact(sim, contact, { tags });
    return { contactId: contact.id };
  },
  dnd({ sim, draw, pick }) {
    const contact = pick();
    const before = contact?.dndSettings.SMS?.status ?? 'inactive';
    if (!contact || before === 'permanent') return undefined;
    const status = before === 'active' ? 'inactive' : 'active';
    const channels = draw(2) === 0 ? (['SMS'] as const) : (['SMS', 'Email'] as const);
    updateContact(sim, contact, { dndSettings: Object.fromEntries(channels.map((name) => [name, { status }])) });
    return { contactId: contact.id };
  },
  note({ sim, number, pick }) {
    const contact = pick();
    return contact && { contactId: contact.id, subjectId: addNote(sim, contact, { body: `Note ${number}` }).id };
  },
  message({ sim, number, draw, pick }) {
    const contact = pick();
    if (!contact) return undefined;
    const draft = { messageType: 'TYPE_SMS' as const, body: `Live message ${number}` };
    const message =
      draw(2) === 0 ? receiveMessage(sim, contact, draft) : sendMessage(sim, contact, draft, { source: 'app' });
    return { contactId: contact.id, subjectId: message.id };
  },
  opportunity({ sim, location, number, draw, pick }) {
    const contact = pick();
    const pipeline = [...sim.world.pipelines.values()].find(({ locationId }) => locationId === location.id);
    if (!contact || !pipeline) return undefined;
    const known = [...sim.world.opportunities.values()].find(({ contactId }) => contactId === contact.id);
    const place = { locationId: location.id, contactId: contact.id, pipelineId: pipeline.id };
    const change =
      draw(2) === 0 ? { monetaryValue: number } : { status: (['open', 'won', 'lost'] as const)[draw(3)] ?? 'open' };
    const { id } = known
      ? updateOpportunity(sim, known, change)
      : createOpportunity(sim, place, { name: `Opportunity ${number}`, monetaryValue: number });
    return { contactId: contact.id, subjectId: id };
  },
  appointment({ sim, location, draw, pick }) {
    const contact = pick();
    const [calendar] = sim.world.calendars.listBy('locationId', location.id);
    if (!contact || !calendar) return undefined;
    const startTime = new Date(sim.clock.nowMs() + (1 + draw(30)) * dayMs).toISOString();
    const [known] = sim.world.appointments.listBy('contactId', contact.id);
    const { id } = known
      ? changeAppointment(sim, known, { startTime, endTime: new Date(Date.parse(startTime) + 1_800_000).toISOString() })
      : bookAppointment(sim, calendar, contact.id, { startTime }, { source: 'booking_widget', anyTime: true });
    return { contactId: contact.id, subjectId: id };
  },
  merge({ sim, pick }) {
    const [survivor, loser] = [pick(), pick()];
    if (!survivor || !loser || survivor.id === loser.id) return undefined;
    mergeContacts(sim, survivor, loser);
    return { contactId: survivor.id, subjectId: loser.id };
  },
  delete({ sim, pick }) {
    const contact = pick();
    if (contact) deleteContact(sim, contact);
    return contact && { contactId: contact.id };
  },
};

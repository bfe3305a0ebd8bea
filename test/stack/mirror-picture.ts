import type { ZodType } from 'zod';
import { observeContact, observeNote, observeOpportunity, observeTask } from '../../activities/mirror-observations.ts';
import type { Fields, Observation } from '../../domain/mirror.ts';
import { contactSchema, noteSchema, taskSchema } from '../../ghl/contact-schema.ts';
import { opportunitySchema } from '../../ghl/opportunity-schema.ts';
import type { ControlClient } from '../../simulator/control-client.ts';
import type { TestDatabase } from './database.ts';

/** Records by their id in GHL. */
export type Picture = Record<string, Fields>;

const at = new Date(0);
const readAs = <T>(schema: ZodType<T>, record: unknown): T => schema.parse(record);
const picture = (observations: Observation[]): Picture =>
  Object.fromEntries(observations.map(({ ghlId, fields }) => [ghlId, fields]));

/** What the simulator holds of a location, by kind, as the mirror would keep it. */
export async function pictureOfGhl(simulator: ControlClient, ghlLocationId: string): Promise<Record<string, Picture>> {
  const [contacts, opportunities, notes, tasks] = await Promise.all([
    simulator.listContacts(ghlLocationId),
    simulator.listOpportunities(ghlLocationId),
    simulator.listNotes(ghlLocationId),
    simulator.listTasks(ghlLocationId),
  ]);
  return {
    contact: picture(contacts.map((each) => observeContact(readAs(contactSchema, each), at))),
    opportunity: picture(opportunities.map((each) => observeOpportunity(readAs(opportunitySchema, each), at))),
    note: picture(notes.map((each) => observeNote(readAs(noteSchema, each), '', at))),
    task: picture(tasks.map((each) => observeTask(readAs(taskSchema, each), '', at))),
  };
}

/** Which messages and appointments the simulator holds of a location. */
export async function idsInGhl(simulator: ControlClient, ghlLocationId: string): Promise<Record<string, string[]>> {
  const ids = async (name: 'messages' | 'appointments'): Promise<string[]> =>
    (await simulator.listRecords(name, ghlLocationId)).map((each) => String((each as { id: unknown }).id)).sort();
  return { message: await ids('messages'), appointment: await ids('appointments') };
}

/** What the mirror holds of a location and does not hold for deleted, by kind. */
export async function pictureOfMirror({ ownerDb }: TestDatabase, locationId: string): Promise<Record<string, Picture>> {
  const contacts = await ownerDb
    .selectFrom('contacts')
    .select(['ghl_id', 'fields'])
    .where('location_id', '=', locationId)
    .where('deleted_at', 'is', null)
    .execute();
  const others = await ownerDb
    .selectFrom('mirror_records')
    .select(['resource', 'ghl_id', 'fields'])
    .where('location_id', '=', locationId)
    .where('deleted_at', 'is', null)
    .execute();
  const of = (resource: string): Picture =>
    Object.fromEntries(
      others.filter((row) => row.resource === resource).map((row) => [row.ghl_id, row.fields as Fields]),
    );
  return {
    contact: Object.fromEntries(contacts.map((row) => [row.ghl_id ?? '', row.fields as Fields])),
    opportunity: of('opportunity'),
    note: of('note'),
    task: of('task'),
  };
}

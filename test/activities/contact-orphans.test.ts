import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ContactChange } from '../../domain/contact-change.ts';
import { run } from '../stack/activity-bench.ts';
import { type ContactWorld, startContactWorld } from './contact-world.ts';
import { expectToRepeat } from './picture.ts';

let world: ContactWorld;
beforeAll(async () => {
  world = await startContactWorld();
});
afterAll(() => world.bench.stop());
beforeEach(() => world.bench.simulator.resetCalls());

let people = 0;
const contact = async (fields: Parameters<ContactWorld['inGhl']>[0] = {}): Promise<string> => {
  people += 1;
  return (await world.known({ firstName: 'Kay', ...fields })).ghl_id!;
};
const email = (): string => `orphan-${people}@x.test`;
/** A note and a task of a contact, in GHL alone. */
async function hang(contactId: string): Promise<{ note: string; task: string }> {
  people += 1;
  const [note, task] = [`note-${people}`, `task-${people}`];
  const of = { contactId, locationId: world.ghlLocationId };
  const due = { dueDate: '2027-01-01T00:00:00.000Z', completed: false };
  await world.bench.simulator.seed({
    notes: [{ ...of, id: note, body: 'called twice' }],
    tasks: [{ ...of, ...due, id: task, title: 'Call back' }],
  });
  return { note, task };
}
const args = (...changes: ContactChange[]) => ({ agencyId: world.agencyId, locationId: world.locationId, changes });
const read = (...changes: ContactChange[]) => run(world.bench.contactsGhl.readChanges, args(...changes));
const noteOf = (ghlId: string, ghlContactId: string): ContactChange => ({ resource: 'note', ghlId, ghlContactId });
/** As GHL tells of tasks: without their contact. */
const task = (ghlId: string): ContactChange => ({ resource: 'task', ghlId });
/** Whose the mirror says that records are. */
async function owners(...ghlIds: string[]): Promise<string[]> {
  const rows = await world.bench.database.ownerDb
    .selectFrom('mirror_records')
    .select(['ghl_id', 'ghl_contact_id', 'deleted_at'])
    .where('ghl_id', 'in', ghlIds)
    .execute();
  return ghlIds.map((id) => {
    const row = rows.find(({ ghl_id }) => ghl_id === id);
    return row ? (row.deleted_at === null ? row.ghl_contact_id! : 'deleted') : 'unknown';
  });
}
const gone = (ghlId: string): ContactChange => ({ resource: 'contact', ghlId, ghlContactId: ghlId });

describe('notes and tasks of a contact that a person merged', () => {
  it('are the survivor’s from then on, when the end of the contact is told, and that can be repeated', async () => {
    const [survivor, loser] = [await contact({ email: 'kept@x.test' }), await contact({ phone: '+12125553001' })];
    const hanging = await hang(loser);
    await read(noteOf(hanging.note, loser), task(hanging.task));
    expect(await owners(hanging.note, hanging.task)).toEqual([loser, loser]);
    await world.bench.simulator.mergeContacts({ survivorId: survivor, loserId: loser });
    await expectToRepeat(world.bench, world, world.bench.contactsGhl.readChanges, args(gone(loser)));
    expect(await owners(hanging.note, hanging.task)).toEqual([survivor, survivor]);
  });

  it('are found with the survivor when they are read only after that', async () => {
    const [survivor, loser] = [await contact({ email: email() }), await contact({ phone: '+12125553002' })];
    const hanging = await hang(loser);
    await world.bench.simulator.mergeContacts({ survivorId: survivor, loserId: loser });
    expect(await read(noteOf(hanging.note, loser), { ...task(hanging.task), ghlContactId: loser })).toMatchObject({
      read: 2,
      gone: 0,
    });
    expect(await owners(hanging.note, hanging.task)).toEqual([survivor, survivor]);
  });

  it('who shared nothing with the survivor: the task is found in the location, the note when GHL tells of it again', async () => {
    const [survivor, loser] = [await contact({ email: email() }), await contact()];
    const hanging = await hang(loser);
    await read(noteOf(hanging.note, loser), task(hanging.task));
    await world.bench.simulator.mergeContacts({ survivorId: survivor, loserId: loser });
    await read(gone(loser));
    expect(await owners(hanging.note, hanging.task)).toEqual([loser, survivor]);
    await read(noteOf(hanging.note, survivor));
    expect(await owners(hanging.note)).toEqual([survivor]);
  });
});

describe('notes and tasks of a contact that was deleted', () => {
  it('stay with it, for nothing tells that no other contact has them now; one that was never read is not taken', async () => {
    const id = await contact({ email: email() });
    const [known, unread] = [await hang(id), await hang(id)];
    await read(noteOf(known.note, id), task(known.task));
    await world.bench.simulator.deleteContact(id);
    await read(noteOf(unread.note, id), gone(id));
    expect(await owners(known.note, known.task, unread.note)).toEqual([id, id, 'unknown']);
  });

  it('are looked for by its workflow when anything but an event finds out', async () => {
    const { id, ghl_id: ghlId } = await world.known({ firstName: 'Kay', email: 'found-out@x.test' });
    const hanging = await hang(ghlId!);
    await read(noteOf(hanging.note, ghlId!));
    await world.bench.simulator.deleteContact(ghlId!);
    await world.change(id, { city: 'Boston' });
    await world.push(id);
    const asked = await world.bench.database.ownerDb
      .selectFrom('event_capabilities')
      .select('input')
      .where('workflow_id', 'like', `%/${ghlId}`)
      .execute();
    expect(asked.map(({ input }) => (input as { change?: ContactChange }).change)).toContainEqual(gone(ghlId!));
  });
});

it('a note that is deleted while its contact is there is looked for nowhere else', async () => {
  const id = await contact({ email: email() });
  const hanging = await hang(id);
  await read(noteOf(hanging.note, id));
  await world.bench.simulator.seed({ notes: [] });
  const missing = `${hanging.note}-gone`;
  await world.calls();
  expect(await read(noteOf(missing, id))).toMatchObject({ gone: 1 });
  expect(await world.calls()).toEqual(['GET /contacts/:contactId/notes/:noteId', 'GET /contacts/:contactId']);
  expect(await owners(hanging.note)).toEqual([id]);
});

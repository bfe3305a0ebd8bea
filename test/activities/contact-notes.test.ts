import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../stack/activity-bench.ts';
import { type ContactWorld, startContactWorld } from './contact-world.ts';

let world: ContactWorld;
beforeAll(async () => {
  world = await startContactWorld();
});
afterAll(() => world.bench.stop());

let made = 0;
/** A note of a contact, and the task beside it, as GHL and the mirror have them. */
async function known(contactId: string): Promise<{ noteId: string; taskId: string }> {
  made += 1;
  const [noteId, taskId] = [`note-${made}`, `task-${made}`];
  const of = { contactId, locationId: world.ghlLocationId };
  await world.bench.simulator.seed({
    notes: [{ id: noteId, ...of, body: 'Called back' }],
    tasks: [{ id: taskId, ...of, title: 'Call', dueDate: '2030-01-01T00:00:00.000Z', completed: false }],
  });
  await told(noteId, taskId, contactId);
  return { noteId, taskId };
}
const told = (noteId: string, taskId: string, ghlContactId: string) =>
  run(world.bench.contactsGhl.readChanges, {
    agencyId: world.agencyId,
    locationId: world.locationId,
    changes: [
      { resource: 'note' as const, ghlId: noteId, ghlContactId },
      { resource: 'task' as const, ghlId: taskId, ghlContactId },
    ],
  });
const deleted = async () =>
  (
    await world.bench.database.ownerDb
      .selectFrom('mirror_records')
      .select(['ghl_id', 'deleted_at'])
      .where('location_id', '=', world.locationId)
      .orderBy('ghl_id')
      .execute()
  ).map((row) => [row.ghl_id, row.deleted_at !== null]);

it('a note and a task live on with the contact that another was merged into, when a late event names the one that is gone', async () => {
  const [survivor, loser] = [await world.inGhl({ firstName: 'Ann' }), await world.inGhl({ firstName: 'Anne' })];
  const { noteId, taskId } = await known(loser.id);
  await world.bench.simulator.mergeContacts({ survivorId: survivor.id, loserId: loser.id });
  expect(await told(noteId, taskId, loser.id)).toMatchObject({ read: 1, gone: 0, unknown: 1 });
  expect(await deleted()).toEqual([
    [noteId, false],
    [taskId, false],
  ]);
  expect(await told(noteId, taskId, survivor.id)).toMatchObject({ read: 2 });
});

it('one that its contact does not have any more is gone', async () => {
  const owner = await world.inGhl({ firstName: 'Bea' });
  const { noteId, taskId } = await known(owner.id);
  const { ownerDb } = world.bench.database;
  await ownerDb.updateTable('mirror_records').set({ ghl_id: 'note-gone' }).where('ghl_id', '=', noteId).execute();
  expect(await told('note-gone', taskId, owner.id)).toMatchObject({ read: 1, gone: 1, unknown: 0 });
  expect(await deleted()).toContainEqual(['note-gone', true]);
  expect(await deleted()).toContainEqual([taskId, false]);
});

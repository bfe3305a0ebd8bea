import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitToPass } from '../stack/wait.ts';
import { type ApiWorld, createApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld({ gatherMs: 1_000 });
});
afterAll(() => world.close());

it('gathers what is to be read of a contact for a while, and then tells of it in one', async () => {
  const id = `known-${randomUUID()}`;
  const told = () => world.client.handovers.filter((each) => each.record?.includes(id));
  const deliver = (type: string, more: Record<string, unknown>) =>
    world
      .deliver({ type, locationId: world.agency.branch.ghlId, webhookId: randomUUID(), contactId: id, ...more })
      .expect(200);
  await deliver('ContactUpdate', { id, tags: ['one'] });
  await deliver('ContactUpdate', { id, tags: ['two'] });
  await deliver('NoteCreate', { id: `note-${id}` });
  await deliver('TaskCreate', { id: `task-${id}` });
  await waitToPass(() => expect(told()).not.toEqual([]));
  expect(told()).toMatchObject([{ record: `contact/${id} note/note-${id} task/task-${id}` }]);
  await waitToPass(async () => {
    const rows = world.ownerDb.selectFrom('event_capabilities').select('state');
    const states = await rows.where('workflow_id', 'like', `%/${id}`).execute();
    expect(states.map(({ state }) => state)).toEqual(['started', 'started', 'started']);
  });
});

it('tells of no creation whose record the mirror has by then, and of what came after it', async () => {
  const { agencyId, branch } = world.agency;
  const id = `made-${randomUUID()}`;
  const of = {
    agency_id: agencyId,
    location_id: branch.id,
    ghl_contact_id: id,
    fields: '{}',
    found_by: 'edit' as const,
  };
  const told = () => world.client.handovers.filter((each) => each.record?.includes(id));
  const deliver = (type: string, recordId: string) =>
    world.deliver({ type, locationId: branch.ghlId, webhookId: randomUUID(), contactId: id, id: recordId }).expect(200);
  await deliver('NoteCreate', `made-note-${id}`);
  await deliver('NoteCreate', `changed-note-${id}`);
  await deliver('NoteUpdate', `changed-note-${id}`);
  // Our step has its answer a moment after the webhook of it came.
  for (const ghl_id of [`made-note-${id}`, `changed-note-${id}`]) {
    const row = { ...of, resource: 'note' as const, ghl_id, observed_at: new Date() };
    await world.ownerDb.insertInto('mirror_records').values(row).execute();
  }
  await waitToPass(() => expect(told()).not.toEqual([]));
  expect(told()).toMatchObject([{ record: `note/changed-note-${id}` }]);
  const rows = world.ownerDb.selectFrom('event_capabilities').select('state').orderBy('sequence');
  await waitToPass(async () => {
    const states = await rows.where('workflow_id', 'like', `%/${id}`).execute();
    expect(states.map(({ state }) => state)).toEqual(['known', 'known', 'started']);
  });
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
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
  await vi.waitFor(() => expect(told()).not.toEqual([]), 10_000);
  expect(told()).toMatchObject([{ record: `contact/${id} note/note-${id} task/task-${id}` }]);
  await vi.waitFor(async () => {
    const rows = world.ownerDb.selectFrom('event_capabilities').select('state');
    const states = await rows.where('workflow_id', 'like', `%/${id}`).execute();
    expect(states.map(({ state }) => state)).toEqual(['started', 'started', 'started']);
  });
});

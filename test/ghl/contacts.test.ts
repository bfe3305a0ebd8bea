import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  addContactTags,
  createNote,
  createTask,
  findDuplicateContact,
  getContact,
  listNotes,
  listTasks,
  removeContactTags,
  updateContact,
  upsertContact,
} from '../../ghl/contacts.ts';
import type { GhlGateway } from '../../ghl/gateway.ts';
import { interactive, openGhlWorld } from './ghl-world.ts';
import type { GhlWorld } from './ghl-world.ts';

let world: GhlWorld;
let ghl: GhlGateway;
beforeEach(async () => {
  world = await openGhlWorld();
  await world.giveLocationTokens('valid');
  ghl = world.openGateway();
});
afterEach(() => world.close());

describe('a contact', () => {
  it('is created by an upsert, and updated by the next with the same e-mail', async () => {
    const first = await upsertContact(ghl, interactive, { firstName: 'Ann', email: 'ann@example.com' });
    const second = await upsertContact(ghl, interactive, { firstName: 'Anna', email: 'Ann@example.com' });
    expect(first).toMatchObject({ isNew: true, droppedIdentifiers: [] });
    expect(second).toMatchObject({ isNew: false, droppedIdentifiers: [] });
    expect(await getContact(ghl, interactive, first.contact.id)).toMatchObject({
      firstName: 'Anna',
      locationId: 'loc1',
    });
  });

  it('keeps the tags it has through upserts and updates', async () => {
    const { contact } = await upsertContact(ghl, interactive, { email: 'ann@example.com' });
    expect((await addContactTags(ghl, interactive, contact.id, ['hot', 'web'])).sort()).toEqual(['hot', 'web']);
    const smuggled = { email: 'ann@example.com', tags: ['other'] };
    await upsertContact(ghl, interactive, smuggled);
    await updateContact(ghl, interactive, contact.id, { city: 'Boston' });
    await removeContactTags(ghl, interactive, contact.id, ['web']);
    expect(await getContact(ghl, interactive, contact.id)).toMatchObject({ tags: ['hot'], city: 'Boston' });
  });

  it('says which identifier GHL has dropped when two contacts match', async () => {
    await world.control.createContact({ locationId: 'loc1', email: 'ann@example.com', phone: '+14155550100' });
    await world.control.createContact({ locationId: 'loc1', email: 'bob@example.com', phone: '+14155550101' });
    const result = await upsertContact(ghl, interactive, { email: 'ann@example.com', phone: '+14155550101' });
    expect(result).toMatchObject({ isNew: false, droppedIdentifiers: ['phone'], contact: { phone: '+14155550100' } });
  });

  it('is updated without the properties that GHL refuses', async () => {
    const { contact } = await upsertContact(ghl, interactive, { email: 'ann@example.com', companyName: 'Acme' });
    const fields = { firstName: 'Ann', locationId: 'loc2', companyName: 'Other', gender: 'x' };
    const updated = await updateContact(ghl, interactive, contact.id, fields);
    expect(updated).toMatchObject({ firstName: 'Ann', companyName: 'Acme', locationId: 'loc1' });
  });

  it('keeps custom fields that are written by id', async () => {
    const customFields = [{ id: 'field1', value: 'evening' }];
    const { contact } = await upsertContact(ghl, interactive, { email: 'ann@example.com', customFields });
    expect(await getContact(ghl, interactive, contact.id)).toMatchObject({ customFields });
  });

  it('is found by one identifier, a plus sign in a number included', async () => {
    const made = await world.control.createContact({
      locationId: 'loc1',
      phone: '+14155550100',
      email: 'a+b@example.com',
    });
    expect((await findDuplicateContact(ghl, interactive, { phone: '+14155550100' }))?.id).toBe(made.id);
    expect((await findDuplicateContact(ghl, interactive, { email: 'a+b@example.com' }))?.id).toBe(made.id);
    expect(await findDuplicateContact(ghl, interactive, { email: 'nobody@example.com' })).toBeUndefined();
  });

  it('that would be a duplicate is refused with the id of the one that is there', async () => {
    const ann = await world.control.createContact({ locationId: 'loc1', email: 'ann@example.com' });
    const bob = await world.control.createContact({ locationId: 'loc1', email: 'bob@example.com' });
    const call = updateContact(ghl, interactive, bob.id, { email: 'ann@example.com' });
    await expect(call).rejects.toMatchObject({ code: 'GhlDuplicateContact', contactId: ann.id });
  });

  it('that does not exist is told by its own error', async () => {
    const call = getContact(ghl, interactive, 'nobody');
    await expect(call).rejects.toMatchObject({ code: 'GhlNotFound', traceId: expect.any(String) as string });
  });

  it('of another location is not reached', async () => {
    const other = await world.control.createContact({ locationId: 'loc2', firstName: 'Ann' });
    await expect(getContact(ghl, interactive, other.id)).rejects.toThrow();
  });

  it('has notes and tasks that can be listed', async () => {
    const { contact } = await upsertContact(ghl, interactive, { email: 'ann@example.com' });
    const note = await createNote(ghl, interactive, contact.id, { body: 'Routed to One' });
    const dueDate = new Date('2026-03-02T10:00:00.000Z');
    const task = await createTask(ghl, interactive, contact.id, { title: 'Call back', dueDate, assignedTo: 'user1' });
    expect(await listNotes(ghl, interactive, contact.id)).toMatchObject([{ id: note.id, body: 'Routed to One' }]);
    expect(await listTasks(ghl, interactive, contact.id)).toMatchObject([
      { id: task.id, title: 'Call back', completed: false, assignedTo: 'user1' },
    ]);
  });
});

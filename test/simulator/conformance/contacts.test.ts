import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { one, two } from '../harness.ts';
import { inOne, startVendor } from './client.ts';
import type { Vendor } from './client.ts';

let vendor: Vendor;
beforeEach(async () => {
  vendor = await startVendor();
});
afterEach(() => vendor.close());

describe('the vendor’s client', () => {
  it('creates, reads, updates, finds and deletes a contact', async () => {
    const { contacts } = vendor.sdk;
    const created = await contacts.createContact({
      locationId: one,
      firstName: 'Ann',
      email: 'ann@x.test',
      tags: ['a'],
    });
    const contactId = created.contact?.id ?? '';
    expect((await contacts.getContact({ contactId }, inOne)).contact).toMatchObject({ firstName: 'Ann', tags: ['a'] });

    expect(await contacts.updateContact({ contactId }, { city: 'Austin', tags: ['b'] }, inOne)).toMatchObject({
      succeded: true,
      contact: { id: contactId, city: 'Austin', tags: ['b'] },
    });
    expect(await contacts.addTags({ contactId }, { tags: ['c'] }, inOne)).toMatchObject({ tags: ['b', 'c'] });
    expect(await contacts.removeTags({ contactId }, { tags: ['b'] }, inOne)).toMatchObject({ tags: ['c'] });

    const search = {
      locationId: one,
      pageLimit: 20,
      filters: [{ field: 'email', operator: 'eq', value: 'ann@x.test' }],
    };
    expect(await contacts.searchContactsAdvanced(search)).toMatchObject({
      total: 1,
      contacts: [{ id: contactId, searchAfter: expect.any(Array) as unknown[] }],
    });
    expect(await contacts.getDuplicateContact({ locationId: one, email: 'ann@x.test' })).toMatchObject({
      contact: { id: contactId },
    });
    expect(await contacts.deleteContact({ contactId }, inOne)).toMatchObject({ succeded: true });
    await expect(contacts.getContact({ contactId }, inOne)).rejects.toMatchObject({
      code: 'VALIDATION',
      statusCode: 400,
      message: `Contact with id ${contactId} not found`,
    });
  });

  it('upserts a contact: new once, then the same', async () => {
    const { contacts } = vendor.sdk;
    const first = await contacts.upsertContact({ locationId: one, email: 'bo@x.test', firstName: 'Bo' });
    const second = await contacts.upsertContact({ locationId: one, email: 'bo@x.test', city: 'Waco' });
    expect([first.new, second.new]).toEqual([true, false]);
    expect(second.contact).toMatchObject({ id: first.contact?.id, firstName: 'Bo', city: 'Waco' });
    expect(second.traceId).toEqual(expect.any(String));
  });

  it('is told of a duplicate, of an unknown property and of a neighbour’s location', async () => {
    const { contacts } = vendor.sdk;
    const known = await contacts.createContact({ locationId: one, email: 'cy@x.test' });
    await expect(contacts.createContact({ locationId: one, email: 'cy@x.test' })).rejects.toMatchObject({
      statusCode: 400,
      message: 'This location does not allow duplicated contacts.',
      response: { meta: { contactId: known.contact?.id, matchingField: 'email' } },
    });
    const odd = { locationId: one, email: 'dy@x.test', additionalEmails: [] };
    await expect(contacts.createContact(odd)).rejects.toMatchObject({
      statusCode: 422,
      message: 'property additionalEmails should not exist',
    });
    await expect(contacts.createContact({ locationId: two, email: 'ey@x.test' }, inOne)).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: 'The token does not have access to this location.',
    });
  });

  it('keeps notes and tasks of a contact', async () => {
    const { contacts } = vendor.sdk;
    const contactId = (await contacts.createContact({ locationId: one, email: 'fay@x.test' })).contact?.id ?? '';
    const { note } = await contacts.createNote({ contactId }, { body: 'called' }, inOne);
    expect((await contacts.getAllNotes({ contactId }, inOne)).notes).toMatchObject([{ id: note?.id, body: 'called' }]);
    expect(await contacts.deleteNote({ contactId, id: note?.id ?? '' }, inOne)).toMatchObject({ succeded: true });
    const dueDate = '2026-12-01T10:00:00Z';
    const { task } = await contacts.createTask({ contactId }, { title: 'Call', dueDate, completed: false }, inOne);
    const done = await contacts.updateTaskCompleted({ contactId, taskId: task?.id ?? '' }, { completed: true }, inOne);
    expect(done.task).toMatchObject({ title: 'Call', completed: true });
  });
});

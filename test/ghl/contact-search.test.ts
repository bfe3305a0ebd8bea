import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { searchContacts, updateTagsOfContacts } from '../../ghl/contact-search.ts';
import type { ContactCursor, ContactSearch } from '../../ghl/contact-search-schema.ts';
import { addContactTags, createContact, deleteContact, getContact, updateContact } from '../../ghl/contacts.ts';
import { here, many, openResourceWorld, readAll } from './resource-world.ts';
import type { ResourceWorld } from './resource-world.ts';

let world: ResourceWorld;
beforeEach(async () => {
  world = await openResourceWorld();
});
afterEach(() => world.close());

const find = (search: ContactSearch) =>
  readAll((after: ContactCursor | undefined) => searchContacts(world.ghl, here, search, after));

describe('a contact', () => {
  it('is created once, and told by its id when it is there', async () => {
    const made = await createContact(world.ghl, here, { firstName: 'Ann', email: 'ann@example.com' });
    const again = createContact(world.ghl, here, { email: 'Ann@Example.com' });
    await expect(again).rejects.toMatchObject({ code: 'GhlDuplicateContact', contactId: made.id });
    expect(await world.control.listContacts('loc1')).toHaveLength(1);
  });

  it('may have been created although GHL answers 422', async () => {
    await world.control.addFault({ path: '^/contacts/$', createdBut422: true });
    const call = createContact(world.ghl, here, { email: 'ann@example.com' });
    await expect(call).rejects.toMatchObject({ code: 'GhlInvalid', reason: 'validation' });
    expect(await world.control.listContacts('loc1')).toHaveLength(1);
  });

  it('is deleted, and a second time not found', async () => {
    const { id } = await createContact(world.ghl, here, { email: 'ann@example.com' });
    await deleteContact(world.ghl, here, id);
    await expect(deleteContact(world.ghl, here, id)).rejects.toMatchObject({ code: 'GhlNotFound' });
    expect(await world.control.listContacts('loc1')).toEqual([]);
  });

  it('has channels switched off without touching the others', async () => {
    const { id } = await createContact(world.ghl, here, { email: 'ann@example.com', phone: '+14155550100' });
    await updateContact(world.ghl, here, id, { dndSettings: { SMS: { status: 'active' } } });
    await updateContact(world.ghl, here, id, { dndSettings: { Email: { status: 'active' } } });
    expect(await getContact(world.ghl, here, id)).toMatchObject({
      dndSettings: { SMS: { status: 'active' }, Email: { status: 'active' } },
    });
  });
});

describe('tags of many contacts', () => {
  it('are added and removed without losing others, and the refused contacts are named', async () => {
    const ann = await createContact(world.ghl, here, { email: 'ann@example.com' });
    const other = await world.control.createContact({ locationId: 'loc2', firstName: 'Bob' });
    await addContactTags(world.ghl, here, ann.id, ['kept']);
    const contactIds = [ann.id, other.id];
    const added = await updateTagsOfContacts(world.ghl, here, 'add', { contactIds, tags: ['new', 'gone'] });
    expect(added).toEqual({ refusedContactIds: [other.id] });
    await updateTagsOfContacts(world.ghl, here, 'remove', { contactIds: [ann.id], tags: ['gone'] });
    expect((await getContact(world.ghl, here, ann.id)).tags).toEqual(['kept', 'new']);
  });
});

describe('a search of contacts', () => {
  it('goes on past 10,000 of them, each once', async () => {
    const contacts = many(10_300, (index) => ({ id: `c${index}`, locationId: 'loc1', email: `p${index}@example.com` }));
    await world.control.seed({ contacts });
    const { items, pages } = await find({ pageLimit: 500 });
    expect(new Set(items.map(({ id }) => id)).size).toBe(10_300);
    expect(items).toHaveLength(10_300);
    expect(pages).toBe(21);
  });

  it('finds those made while it runs, at its end', async () => {
    const dateAdded = (index: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, index)).toISOString();
    await world.control.seed({
      contacts: many(4, (index) => ({ id: `c${index}`, locationId: 'loc1', dateAdded: dateAdded(index) })),
    });
    const first = await searchContacts(world.ghl, here, { pageLimit: 2 });
    await world.control.seed({ contacts: [{ id: 'late', locationId: 'loc1', dateAdded: dateAdded(9) }] });
    const rest = await readAll((after: ContactCursor | undefined) =>
      searchContacts(world.ghl, here, { pageLimit: 2 }, after ?? first.next ?? undefined),
    );
    expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual(['c0', 'c1', 'c2', 'c3', 'late']);
  });

  it('filters, by groups and custom fields too', async () => {
    await world.control.seed({
      contacts: [
        { id: 'hot', locationId: 'loc1', tags: ['hot'], customFields: [{ id: 'f1', value: 'evening' }] },
        { id: 'cold', locationId: 'loc1', tags: ['cold'] },
        { id: 'none', locationId: 'loc1' },
      ],
    });
    const either = { group: 'OR' as const, filters: many(2, (n) => tagged(n === 0 ? 'hot' : 'cold')) };
    expect((await find({ pageLimit: 10, filters: [either] })).items.map(({ id }) => id).sort()).toEqual([
      'cold',
      'hot',
    ]);
    const evening = { field: 'customFields.f1' as const, operator: 'eq' as const, value: 'evening' };
    expect((await find({ pageLimit: 10, filters: [evening] })).items.map(({ id }) => id)).toEqual(['hot']);
  });

  it('does not take a missing opt-out for none', async () => {
    await world.control.seed({
      contacts: [{ id: 'c1', locationId: 'loc1', dndSettings: { SMS: { status: 'permanent' } } }],
    });
    expect((await find({ pageLimit: 10 })).items[0]?.dndSettings).toMatchObject({ SMS: { status: 'permanent' } });
    await world.control.setBehaviour({ searchShowsDnd: false });
    expect((await find({ pageLimit: 10 })).items[0]?.dndSettings).toBeNull();
  });

  it('is refused before it is sent where GHL would refuse or cut it', async () => {
    const tooMany = find({ pageLimit: 501 });
    await expect(tooMany).rejects.toMatchObject({ reason: 'request-shape', fields: ['pageLimit'] });
    const part = { field: 'email' as const, operator: 'contains' as const, value: 'ann' };
    await expect(find({ pageLimit: 10, filters: [part] })).rejects.toMatchObject({ reason: 'request-shape' });
    expect(await world.countCalls(/./)).toBe(0);
  });

  it('stops with an error when a page leads to itself', async () => {
    const stuck = readAll(async () => ({ items: ['a'], next: 'same' }));
    await expect(stuck).rejects.toMatchObject({ code: 'GhlInvalid', reason: 'endless-list' });
  });
});

const tagged = (value: string) => ({ field: 'tags' as const, operator: 'eq' as const, value });

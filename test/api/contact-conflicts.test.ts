import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setConflictPolicy } from '../../db/conflict-policies.ts';
import { settleEdits } from '../../db/edit-outcomes.ts';
import { saveFieldMapping } from '../../db/field-mappings.ts';
import { withScope } from '../../db/scope.ts';
import { type ApiWorld, createApiWorld } from './api-world.ts';
import { auth, type ContactHarness, createContactHarness, somebody } from './contact-harness.ts';

let world: ApiWorld;
let contacts: ContactHarness;
beforeAll(async () => {
  world = await createApiWorld();
  contacts = createContactHarness(world);
});
afterAll(() => world.close());

describe('mapped fields', () => {
  it('are read and written by our names, typed, and refused when they do not fit', async () => {
    const of = { agencyId: world.agency.agencyId, locationId: world.agency.branch.id };
    const map = (name: string, type: 'number' | 'option', dataType: string, options: string[] = []) =>
      withScope(world.db, { agencyId: of.agencyId }, (tx) =>
        saveFieldMapping(tx, of, { name, type, ghlFieldId: `f-${name}`, dataType, options }, new Date()),
      );
    expect(await map('budget', 'number', 'NUMERICAL')).toBe(true);
    expect(await map('colour', 'option', 'SINGLE_OPTIONS', ['red', 'blue'])).toBe(true);
    const id = await contacts.mirrored({ ...somebody(), customFields: { 'f-budget': '7', other: 'x' } });
    expect((await contacts.get(id)).body).toMatchObject({
      fields: { budget: 7, colour: null },
      customFields: { other: 'x' },
    });
    const changed = await contacts.patch(id, { fields: { budget: 9.5, colour: 'red' } });
    expect(changed.body).toMatchObject({ fields: { budget: 9.5, colour: 'red' } });
    expect((await contacts.edits(id)).map(({ field, value }) => [field, value])).toEqual([
      ['custom:f-budget', 9.5],
      ['custom:f-colour', 'red'],
    ]);
    const refused = await contacts.patch(id, { fields: { budget: '9', colour: 'green' } });
    expect(refused.status).toBe(422);
    expect((refused.body as { issues: unknown[] }).issues).toEqual([
      { path: 'fields.budget', message: 'must be a number' },
      { path: 'fields.colour', message: 'must be one of "red", "blue"' },
    ]);
  });
});

describe('conflicts', () => {
  it('are listed with both values, and decided once', async () => {
    const { agencyId, branch, keys } = world.agency;
    const id = await contacts.mirrored({ ...somebody(), city: 'Old' });
    await contacts.patch(id, { city: 'Ours' });
    const [edit] = await contacts.edits(id);
    await withScope(world.db, { agencyId }, (tx) =>
      settleEdits(tx, [{ editId: edit!.id, state: 'held', reason: 'ask', theirs: 'Theirs' }], new Date()),
    );
    expect((await contacts.get(id)).body).toMatchObject({ city: 'Old', syncStatus: 'held' });
    const listed = await world.http
      .get('/v1/contact-conflicts')
      .query({ locationId: branch.id })
      .set(auth(contacts.owner));
    expect((listed.body as { conflicts: unknown[] }).conflicts).toMatchObject([
      { id: edit!.id, contactId: id, kind: 'field', field: 'city', ours: 'Ours', theirs: 'Theirs' },
    ]);
    const setDeleted = (deletedAt: Date | null) =>
      world.ownerDb.updateTable('contacts').set({ deleted_at: deletedAt }).where('id', '=', id).execute();
    await setDeleted(new Date());
    const without = await world.http.get('/v1/contact-conflicts').set(auth(contacts.owner));
    expect(without.body).toEqual({ conflicts: [] });
    await setDeleted(null);
    const resolve = (key: string, body: object) =>
      world.http.post(`/v1/contact-conflicts/${edit!.id}/resolve`).set(auth(key)).send(body);
    expect((await resolve(world.neighbour.keys.agency, { keep: 'ours' })).status).toBe(404);
    expect((await resolve(keys.master, { keep: 'ours' })).status).toBe(404);
    expect((await resolve(contacts.owner, { ghlContactId: 'x' })).body).toMatchObject({
      code: 'resolution-does-not-fit',
    });
    expect((await resolve(contacts.owner, { keep: 'ours' })).body).toMatchObject({ outcome: 'resolved' });
    expect((await resolve(contacts.owner, { keep: 'ours' })).body).toMatchObject({ code: 'already-decided' });
    expect((await contacts.get(id)).body).toMatchObject({ city: 'Ours', syncStatus: 'pending' });
  });

  it('have policies by field that a location’s key sets for its own location only', async () => {
    const path = (id: string) => `/v1/locations/${id}/conflict-policies`;
    const set = (id: string, key: string, body: object) => world.http.put(path(id)).set(auth(key)).send(body);
    const { branch, master, keys } = world.agency;
    expect((await set(branch.id, keys.branch, { field: 'city', policy: 'ask' })).body).toEqual({
      policies: [{ field: 'city', policy: 'ask' }],
    });
    expect((await set(master.id, keys.branch, { field: 'city', policy: 'ask' })).status).toBe(404);
    expect((await set(branch.id, keys.branch, { field: 'nonsense', policy: 'ask' })).status).toBe(422);
    expect((await set(branch.id, keys.branch, { field: 'city', policy: null })).body).toEqual({ policies: [] });
    await withScope(world.db, { agencyId: world.agency.agencyId }, (tx) =>
      setConflictPolicy(tx, { agencyId: world.agency.agencyId, locationId: branch.id, field: '*' }, 'ours-wins'),
    );
    const listed = await world.http.get(path(branch.id)).set(auth(contacts.owner));
    expect(listed.body).toEqual({ policies: [{ field: '*', policy: 'ours-wins' }] });
  });
});

describe('duplicates', () => {
  it('across an agency are who shares an e-mail or a phone in any of its locations, told by ids alone', async () => {
    const { agency, neighbour } = world;
    const inMaster = { ...agency, branch: agency.master };
    const [one, other] = [somebody(), somebody()];
    const phone = '+12125550142';
    const here = await contacts.mirrored({ ...one, phone });
    const there = await contacts.mirrored({ ...one, firstName: 'Ida' }, inMaster);
    const byPhone = await contacts.mirrored({ ...other, phone }, inMaster);
    await contacts.mirrored({ ...one, phone }, neighbour);
    const list = async (query: object, key = contacts.owner) => {
      const answer = await world.http.get('/v1/duplicate-contacts').query(query).set(auth(key));
      return (answer.body as { groups: { reasons: string[]; contacts: { id: string }[] }[] }).groups;
    };
    const [group, ...more] = await list({ within: 'agency' });
    expect(more).toEqual([]);
    expect(group?.reasons).toEqual(['same-email', 'same-phone']);
    const told = [here, there, byPhone].map((id, index) => ({
      id,
      locationId: index === 0 ? agency.branch.id : agency.master.id,
      ghlContactId: expect.stringMatching(/^ghl-contact-/) as string,
    }));
    expect(group?.contacts).toHaveLength(told.length);
    expect(group?.contacts).toEqual(expect.arrayContaining(told));
    expect(await list({ within: 'location' })).toEqual([]);
    expect(await list({ within: 'agency' }, neighbour.keys.agency)).toEqual([]);
  });
});

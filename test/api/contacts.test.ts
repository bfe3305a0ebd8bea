import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settleEdits } from '../../db/edit-outcomes.ts';
import { withScope } from '../../db/scope.ts';
import { TemporalUnavailableError } from '../../client.ts';
import { type ApiWorld, createApiWorld } from './api-world.ts';
import { auth, type ContactHarness, createContactHarness, somebody } from './contact-harness.ts';

let world: ApiWorld;
let contacts: ContactHarness;
beforeAll(async () => {
  world = await createApiWorld();
  contacts = createContactHarness(world);
});
afterAll(() => world.close());

describe('PATCH /v1/contacts/:id', () => {
  it('answers at once with what the contact is to be, and hands the change to its workflow', async () => {
    const id = await contacts.mirrored({ ...somebody(), city: 'Old', tags: ['kept', 'old'] });
    const answer = await contacts.patch(id, {
      city: 'Boston',
      phone: '(212) 555-0101',
      addTags: ['VIP'],
      removeTags: ['old'],
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      id,
      city: 'Boston',
      phone: '+12125550101',
      tags: ['kept', 'vip'],
      syncStatus: 'pending',
      retryCount: 0,
      lastError: null,
    });
    await expect
      .poll(() => world.client.handovers.filter(({ record }) => record === id))
      .toMatchObject([{ method: 'contactEdited', locationId: world.agency.branch.id }]);
    const shown = await contacts.get(id);
    expect(shown.body).toMatchObject({ city: 'Boston', syncStatus: 'pending' });
    const { lineage } = shown.body as { lineage: Record<string, unknown> };
    expect(lineage['city']).toMatchObject({ origin: 'api', actor: expect.stringMatching(/^api-key:/) as string });
  });

  it('closes a channel at once, and tells who did', async () => {
    const id = await contacts.mirrored(somebody());
    await contacts.patch(id, { dndSettings: { SMS: { status: 'active' } } });
    const { body } = (await contacts.get(id)) as { body: { lineage: Record<string, unknown> } };
    expect(body).toMatchObject({ dndSettings: { SMS: { status: 'active' } }, syncStatus: 'pending' });
    expect(body.lineage['dndSettings.SMS']).toMatchObject({ origin: 'api' });
  });

  it('changes nothing when it is asked again', async () => {
    const id = await contacts.mirrored({ ...somebody(), city: 'Old' });
    await contacts.patch(id, { city: 'Boston' });
    await contacts.patch(id, { city: 'Boston ' });
    await contacts.patch(id, { firstName: 'Ada' });
    expect((await contacts.edits(id)).map(({ field, state }) => `${field} ${state}`)).toEqual(['city pending']);
  });

  it('keeps what was saved while Temporal is away, and hands it over afterwards', async () => {
    const id = await contacts.mirrored(somebody());
    world.client.startError = new TemporalUnavailableError('away');
    expect((await contacts.patch(id, { city: 'Boston' })).status).toBe(200);
    world.client.startError = undefined;
    await expect.poll(() => world.client.handovers.some(({ record }) => record === id)).toBe(true);
  });

  it.each<[string, object, string]>([
    ['a phone that is none', { phone: '123' }, 'phone'],
    ['an e-mail that is none', { email: 'x' }, 'email'],
    ['what GHL does not change', { companyName: 'Acme' }, ''],
    ['the lifting of an opt-out', { dnd: false }, 'dnd'],
    ['the emptying of an opt-out', { dnd: null }, 'dnd'],
    ['the opening of a channel', { dndSettings: { SMS: { status: 'inactive' } } }, 'dndSettings.SMS.status'],
    ['a block that is another’s to set', { dndSettings: { SMS: { status: 'permanent' } } }, 'dndSettings.SMS.status'],
    ['the mark of our own contacts', { source: ' switchyard' }, 'source'],
    ['a field that is not mapped', { fields: { colour: 'red' } }, 'fields.colour'],
    ['a tag that is to come and to go', { addTags: ['a'], removeTags: ['A'] }, 'removeTags'],
  ])('refuses %s and says where', async (_, body, path) => {
    const id = await contacts.mirrored(somebody());
    const { status, body: problem } = (await contacts.patch(id, body)) as { status: number; body: unknown };
    expect(status).toBe(422);
    expect((problem as { issues: { path: string }[] }).issues.map((issue) => issue.path)).toContain(path);
    expect(await contacts.edits(id)).toEqual([]);
  });

  it('refuses U+0000', async () => {
    const id = await contacts.mirrored(somebody());
    expect((await contacts.patch(id, { city: 'a\u0000b' })).body).toMatchObject({ code: 'nul-character' });
  });

  it('knows no contact of another tenant, nor of another location with a location’s key', async () => {
    const theirs = await contacts.mirrored(somebody(), world.neighbour);
    const ours = await contacts.mirrored(somebody());
    for (const [id, key] of [
      [theirs, contacts.owner],
      [ours, world.agency.keys.master],
      ['none', contacts.owner],
    ] as const) {
      expect((await contacts.patch(id, { city: 'x' }, key)).status).toBe(404);
      expect((await contacts.get(id, key)).status).toBe(404);
    }
    expect((await contacts.patch(ours, { city: 'x' }, world.agency.keys.webhook)).status).toBe(401);
    expect((await contacts.patch(ours, { city: 'x' }, world.agency.keys.branch)).status).toBe(200);
  });

  it('tells how far the change has come: deferred, failed with the reason, and again after a redrive', async () => {
    const id = await contacts.mirrored(somebody());
    await contacts.patch(id, { city: 'Boston' });
    await world.ownerDb
      .updateTable('contact_edits')
      .set({ attempts: 3, last_error: 'GhlCircuitOpen' })
      .where('contact_id', '=', id)
      .execute();
    expect((await contacts.get(id)).body).toMatchObject({
      syncStatus: 'deferred',
      retryCount: 3,
      lastError: 'GhlCircuitOpen',
    });
    const [edit] = await contacts.edits(id);
    await withScope(world.db, { agencyId: world.agency.agencyId }, (tx) =>
      settleEdits(tx, [{ editId: edit!.id, state: 'failed', reason: 'GhlInvalid' }], new Date()),
    );
    expect((await contacts.get(id)).body).toMatchObject({
      syncStatus: 'failed',
      lastError: 'GhlInvalid',
      edits: [{ field: 'city', state: 'failed', reason: 'GhlInvalid' }],
    });
    const redriven = await world.http.post(`/v1/contacts/${id}/redrive`).set(auth(contacts.owner)).send({});
    expect(redriven.body).toEqual({ id, redriven: 1 });
    expect((await contacts.get(id)).body).toMatchObject({ syncStatus: 'pending', retryCount: 0 });
  });

  it('can be tried again of a contact that is deleted, which GHL may have again, though not changed', async () => {
    const id = await contacts.mirrored(somebody());
    await contacts.patch(id, { city: 'Boston' });
    const [edit] = await contacts.edits(id);
    await withScope(world.db, { agencyId: world.agency.agencyId }, (tx) =>
      settleEdits(tx, [{ editId: edit!.id, state: 'failed', reason: 'contact-gone' }], new Date()),
    );
    await world.ownerDb.updateTable('contacts').set({ deleted_at: new Date() }).where('id', '=', id).execute();
    expect((await contacts.patch(id, { city: 'Salem' })).body).toMatchObject({ code: 'contact-deleted' });
    const redriven = await world.http.post(`/v1/contacts/${id}/redrive`).set(auth(contacts.owner)).send({});
    expect(redriven.body).toEqual({ id, redriven: 1 });
    expect((await contacts.edits(id)).map(({ state }) => state)).toEqual(['pending']);
  });

  it('is audited by who changed which fields, and never by what they hold', async () => {
    const id = await contacts.mirrored({ ...somebody(), tags: ['old'] });
    await contacts.patch(id, { city: 'Boston', removeTags: ['old'], addTags: ['vip'] });
    await contacts.patch(id, { city: 'Boston' });
    const made = await contacts.post(somebody(), `audit-${id}`);
    const { id: madeId } = made.body as { id: string };
    const audited = (of: string) =>
      world.ownerDb
        .selectFrom('audit_log')
        .select(['action', 'actor', 'origin', 'after'])
        .where('subject', '=', `contact:${of}`)
        .orderBy('sequence')
        .execute();
    const by = { actor: expect.stringMatching(/^api-key:/) as string, origin: 'api' };
    expect(await audited(id)).toEqual([{ action: 'contact.change', after: { fields: ['city', 'tags'] }, ...by }]);
    const fields = ['firstName', 'lastName', 'email'];
    expect(await audited(madeId)).toEqual([{ action: 'contact.create', after: { fields }, ...by }]);
  });
});

describe('POST /v1/contacts', () => {
  it('makes one contact for a key, at once, and the same for a repeat', async () => {
    const person = somebody();
    const first = await contacts.post({ ...person, tags: ['new'] }, `key-${person.lastName}`);
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({ ...person, ghlContactId: null, tags: ['new'], syncStatus: 'pending' });
    const { id } = first.body as { id: string };
    expect(first.headers['location']).toBe(`/v1/contacts/${id}`);
    const again = await contacts.post({ ...person, tags: ['new'] }, `key-${person.lastName}`);
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ id });
    expect((await contacts.post({ ...person, city: 'x' }, `key-${person.lastName}`)).body).toMatchObject({
      code: 'idempotency-key-reused',
    });
    const listed = await world.http.get('/v1/contacts').query({ email: person.email }).set(auth(contacts.owner));
    expect((listed.body as { contacts: unknown[] }).contacts).toMatchObject([{ id, ...person }]);
  });

  it('makes one of two that come at the same moment', async () => {
    const person = somebody();
    const answers = await Promise.all([1, 2, 3].map((each) => contacts.post(person, `race-${each}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    const same = somebody();
    const repeats = await Promise.all([1, 2, 3].map(() => contacts.post(same, 'same')));
    expect(repeats.map(({ status }) => status).sort()).toEqual([200, 200, 201]);
  });

  it('refuses one that the location has, naming it', async () => {
    const person = somebody();
    const id = await contacts.mirrored(person);
    const refused = await contacts.post({ ...person, email: person.email.toUpperCase() }, 'known');
    expect(refused.status).toBe(409);
    expect((refused.body as { detail: string }).detail).toContain(id);
  });

  it('needs a key, an identifier, and from an agency a location of its own', async () => {
    const person = somebody();
    const { http } = world;
    expect((await http.post('/v1/contacts').set(auth(contacts.owner)).send(person)).body).toMatchObject({
      code: 'idempotency-key-missing',
    });
    expect((await contacts.post({ firstName: 'Ada' }, 'none')).body).toMatchObject({ code: 'no-usable-identifier' });
    expect((await contacts.post(person, 'no-place', contacts.owner)).body).toMatchObject({ code: 'location-missing' });
    const theirs = { ...person, locationId: world.neighbour.branch.id };
    expect((await contacts.post(theirs, 'theirs', contacts.owner)).body).toMatchObject({ code: 'unknown-location' });
    const another = { ...person, locationId: world.agency.master.id };
    expect((await contacts.post(another, 'another')).body).toMatchObject({ code: 'unknown-location' });
    expect((await contacts.post(another, 'named', contacts.owner)).status).toBe(201);
  });
});

describe('GET /v1/contacts', () => {
  it('pages through the contacts of the scope, each once', async () => {
    for (let i = 0; i < 5; i += 1) await contacts.mirrored(somebody());
    await contacts.mirrored(somebody(), world.neighbour);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: Record<string, string> = { limit: '2', ...(cursor === null ? {} : { cursor }) };
      const answer = await world.http.get('/v1/contacts').query(query).set(auth(world.agency.keys.branch));
      const page = answer.body as { contacts: { id: string; locationId: string }[]; nextCursor: string | null };
      expect(page.contacts.every((each) => each.locationId === world.agency.branch.id)).toBe(true);
      seen.push(...page.contacts.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    const there = await world.ownerDb
      .selectFrom('contacts')
      .select('id')
      .where('location_id', '=', world.agency.branch.id)
      .where('deleted_at', 'is', null)
      .execute();
    expect(seen.sort()).toEqual(there.map(({ id }) => id).sort());
  });

  it('finds those whose changes are not in GHL, by how far they have come', async () => {
    const id = await contacts.mirrored(somebody());
    const find = async (syncStatus: string, key = contacts.owner) => {
      const answer = await world.http.get('/v1/contacts').query({ syncStatus, limit: '200' }).set(auth(key));
      return (answer.body as { contacts: { id: string }[] }).contacts.map((each) => each.id);
    };
    expect(await find('synced')).toContain(id);
    await contacts.patch(id, { city: 'Boston' });
    expect(await find('pending')).toContain(id);
    expect(await find('synced')).not.toContain(id);
    expect(await find('pending', world.neighbour.keys.agency)).toEqual([]);
    expect((await world.http.get('/v1/contacts').query({ syncStatus: 'lost' }).set(auth(contacts.owner))).status).toBe(
      400,
    );
  });

  it('refuses a query it does not know', async () => {
    const { http } = world;
    expect((await http.get('/v1/contacts').query({ agencyId: 'x' }).set(auth(contacts.owner))).status).toBe(400);
  });
});

describe('what is logged', () => {
  it('names no person', () => {
    const text = world.logLines.join('\n');
    expect(text).toContain('/v1/contacts');
    for (const person of ['x.test', '2125550101', 'Ada', 'Boston']) expect(text).not.toContain(person);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setConflictPolicy } from '../../db/conflict-policies.ts';
import { listUnsettledEdits, settleEdits } from '../../db/contact-edits.ts';
import { saveFieldMapping } from '../../db/field-mappings.ts';
import { writeObservations } from '../../db/mirror.ts';
import { withScope } from '../../db/scope.ts';
import { canonicalFields } from '../../domain/mirror.ts';
import { TemporalUnavailableError } from '../../client.ts';
import type { TestAgency } from './agency.ts';
import { type ApiWorld, createApiWorld } from './api-world.ts';

let world: ApiWorld;
let owner: string;
beforeAll(async () => {
  world = await createApiWorld();
  owner = world.agency.keys.agency;
});
afterAll(() => world.close());

let people = 0;
const somebody = () => {
  people += 1;
  return { firstName: 'Ada', lastName: `No${people}`, email: `ada-${people}@x.test` };
};
const auth = (key: string) => ({ authorization: `Bearer ${key}` });
const get = (id: string, key = owner) => world.http.get(`/v1/contacts/${id}`).set(auth(key));
const patch = (id: string, body: object, key = owner) =>
  world.http.patch(`/v1/contacts/${id}`).set(auth(key)).send(body);
const post = (body: object, idempotencyKey: string, key = world.agency.keys.branch) =>
  world.http.post('/v1/contacts').set(auth(key)).set('idempotency-key', idempotencyKey).send(body);

/** A contact of the branch that the mirror knows. */
async function mirrored(fields: Record<string, unknown>, of: TestAgency = world.agency): Promise<string> {
  const place = { agencyId: of.agencyId, locationId: of.branch.id, resource: 'contact' as const };
  people += 1;
  const ghlId = `ghl-contact-${people}`;
  const seen = { ghlId, ghlContactId: ghlId, ghlCreatedAt: new Date(), ghlUpdatedAt: new Date(), isExact: true };
  await withScope(world.db, { agencyId: of.agencyId }, (tx) =>
    writeObservations(tx, place, [{ ...seen, fields: canonicalFields(fields), observedAt: new Date() }], 'event'),
  );
  const found = await world.ownerDb
    .selectFrom('contacts')
    .select('id')
    .where('ghl_id', '=', ghlId)
    .where('agency_id', '=', of.agencyId)
    .executeTakeFirstOrThrow();
  return found.id;
}
const edits = (id: string) =>
  withScope(world.db, { agencyId: world.agency.agencyId }, (tx) => listUnsettledEdits(tx, [id]));

describe('PATCH /v1/contacts/:id', () => {
  it('answers at once with what the contact is to be, and hands the change to its workflow', async () => {
    const id = await mirrored({ ...somebody(), city: 'Old', tags: ['kept', 'old'] });
    const answer = await patch(id, { city: 'Boston', phone: '(212) 555-0101', addTags: ['VIP'], removeTags: ['old'] });
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
    const shown = await get(id);
    expect(shown.body).toMatchObject({ city: 'Boston', syncStatus: 'pending' });
    const { lineage } = shown.body as { lineage: Record<string, unknown> };
    expect(lineage['city']).toMatchObject({ origin: 'api', actor: expect.stringMatching(/^api-key:/) as string });
  });

  it('changes nothing when it is asked again', async () => {
    const id = await mirrored({ ...somebody(), city: 'Old' });
    await patch(id, { city: 'Boston' });
    await patch(id, { city: 'Boston ' });
    await patch(id, { firstName: 'Ada' });
    expect((await edits(id)).map(({ field, state }) => `${field} ${state}`)).toEqual(['city pending']);
  });

  it('keeps what was saved while Temporal is away, and hands it over afterwards', async () => {
    const id = await mirrored(somebody());
    world.client.startError = new TemporalUnavailableError('away');
    expect((await patch(id, { city: 'Boston' })).status).toBe(200);
    world.client.startError = undefined;
    await expect
      .poll(() => world.client.handovers.some(({ record }) => record === id), { timeout: 15_000 })
      .toBe(true);
  });

  it.each<[string, object, string]>([
    ['a phone that is none', { phone: '123' }, 'phone'],
    ['an e-mail that is none', { email: 'x' }, 'email'],
    ['what GHL does not change', { companyName: 'Acme' }, ''],
    ['a field that is not mapped', { fields: { colour: 'red' } }, 'fields.colour'],
    ['a tag that is to come and to go', { addTags: ['a'], removeTags: ['A'] }, 'removeTags'],
  ])('refuses %s and says where', async (_, body, path) => {
    const id = await mirrored(somebody());
    const { status, body: problem } = await patch(id, body);
    expect(status).toBe(422);
    expect((problem as { issues: { path: string }[] }).issues.map((issue) => issue.path)).toContain(path);
    expect(await edits(id)).toEqual([]);
  });

  it('refuses U+0000', async () => {
    const id = await mirrored(somebody());
    expect((await patch(id, { city: 'a\u0000b' })).body).toMatchObject({ code: 'nul-character' });
  });

  it('knows no contact of another tenant, nor of another location with a location’s key', async () => {
    const theirs = await mirrored(somebody(), world.neighbour);
    const ours = await mirrored(somebody());
    for (const [id, key] of [[theirs, owner], [ours, world.agency.keys.master], ['none', owner]] as const) {
      expect((await patch(id, { city: 'x' }, key)).status).toBe(404);
      expect((await get(id, key)).status).toBe(404);
    }
    expect((await patch(ours, { city: 'x' }, world.agency.keys.webhook)).status).toBe(401);
    expect((await patch(ours, { city: 'x' }, world.agency.keys.branch)).status).toBe(200);
  });

  it('tells how far the change has come: deferred, failed with the reason, and again after a redrive', async () => {
    const id = await mirrored(somebody());
    await patch(id, { city: 'Boston' });
    await world.ownerDb
      .updateTable('contact_edits')
      .set({ attempts: 3, last_error: 'GhlCircuitOpen' })
      .where('contact_id', '=', id)
      .execute();
    expect((await get(id)).body).toMatchObject({ syncStatus: 'deferred', retryCount: 3, lastError: 'GhlCircuitOpen' });
    const [edit] = await edits(id);
    await withScope(world.db, { agencyId: world.agency.agencyId }, (tx) =>
      settleEdits(tx, [{ editId: edit!.id, state: 'failed', reason: 'GhlInvalid' }], new Date()),
    );
    expect((await get(id)).body).toMatchObject({
      syncStatus: 'failed',
      lastError: 'GhlInvalid',
      edits: [{ field: 'city', state: 'failed', reason: 'GhlInvalid' }],
    });
    const redriven = await world.http.post(`/v1/contacts/${id}/redrive`).set(auth(owner)).send({});
    expect(redriven.body).toEqual({ id, redriven: 1 });
    expect((await get(id)).body).toMatchObject({ syncStatus: 'pending', retryCount: 0 });
  });
});

describe('POST /v1/contacts', () => {
  it('makes one contact for a key, at once, and the same for a repeat', async () => {
    const person = somebody();
    const first = await post({ ...person, tags: ['new'] }, `key-${people}`);
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({ ...person, ghlContactId: null, tags: ['new'], syncStatus: 'pending' });
    const { id } = first.body as { id: string };
    expect(first.headers['location']).toBe(`/v1/contacts/${id}`);
    const again = await post({ ...person, tags: ['new'] }, `key-${people}`);
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ id });
    expect((await post({ ...person, city: 'x' }, `key-${people}`)).body).toMatchObject({
      code: 'idempotency-key-reused',
    });
    const listed = await world.http.get('/v1/contacts').query({ email: person.email }).set(auth(owner));
    expect((listed.body as { contacts: unknown[] }).contacts).toMatchObject([{ id, ...person }]);
  });

  it('makes one of two that come at the same moment', async () => {
    const person = somebody();
    const answers = await Promise.all([1, 2, 3].map((each) => post(person, `race-${people}-${each}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    const same = somebody();
    const repeats = await Promise.all([1, 2, 3].map(() => post(same, `same-${people}`)));
    expect(repeats.map(({ status }) => status).sort()).toEqual([200, 200, 201]);
  });

  it('refuses one that the location has, naming it', async () => {
    const person = somebody();
    const id = await mirrored(person);
    const refused = await post({ ...person, email: person.email.toUpperCase() }, 'known');
    expect(refused.status).toBe(409);
    expect((refused.body as { detail: string }).detail).toContain(id);
  });

  it('needs a key, an identifier, and from an agency a location of its own', async () => {
    const person = somebody();
    const { http } = world;
    expect((await http.post('/v1/contacts').set(auth(owner)).send(person)).body).toMatchObject({
      code: 'idempotency-key-missing',
    });
    expect((await post({ firstName: 'Ada' }, 'none')).body).toMatchObject({ code: 'no-usable-identifier' });
    expect((await post(person, 'no-place', owner)).body).toMatchObject({ code: 'location-missing' });
    const theirs = { ...person, locationId: world.neighbour.branch.id };
    expect((await post(theirs, 'theirs', owner)).body).toMatchObject({ code: 'unknown-location' });
    const another = { ...person, locationId: world.agency.master.id };
    expect((await post(another, 'another')).body).toMatchObject({ code: 'unknown-location' });
    expect((await post(another, 'named', owner)).status).toBe(201);
  });
});

describe('GET /v1/contacts', () => {
  it('pages through the contacts of the scope, each once', async () => {
    for (let i = 0; i < 5; i += 1) await mirrored(somebody());
    await mirrored(somebody(), world.neighbour);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: Record<string, string> = { limit: '2', ...(cursor === null ? {} : { cursor }) };
      const { body } = await world.http.get('/v1/contacts').query(query).set(auth(world.agency.keys.branch));
      const page = body as { contacts: { id: string; locationId: string }[]; nextCursor: string | null };
      expect(page.contacts.every((each) => each.locationId === world.agency.branch.id)).toBe(true);
      seen.push(...page.contacts.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    const there = await world.ownerDb
      .selectFrom('contacts')
      .select('id')
      .where('location_id', '=', world.agency.branch.id)
      .execute();
    expect(seen.sort()).toEqual(there.map(({ id }) => id).sort());
  });

  it('refuses a query it does not know', async () => {
    const { http } = world;
    expect((await http.get('/v1/contacts').query({ agencyId: 'x' }).set(auth(owner))).status).toBe(400);
  });
});

describe('mapped fields', () => {
  it('are read and written by our names, typed, and refused when they do not fit', async () => {
    const of = { agencyId: world.agency.agencyId, locationId: world.agency.branch.id };
    const map = (name: string, type: 'number' | 'option', dataType: string, options: string[] = []) =>
      withScope(world.db, { agencyId: of.agencyId }, (tx) =>
        saveFieldMapping(tx, of, { name, type, ghlFieldId: `f-${name}`, dataType, options }, new Date()),
      );
    expect(await map('budget', 'number', 'NUMERICAL')).toBe(true);
    expect(await map('colour', 'option', 'SINGLE_OPTIONS', ['red', 'blue'])).toBe(true);
    const id = await mirrored({ ...somebody(), customFields: { 'f-budget': '7', other: 'x' } });
    expect((await get(id)).body).toMatchObject({ fields: { budget: 7, colour: null }, customFields: { other: 'x' } });
    const changed = await patch(id, { fields: { budget: 9.5, colour: 'red' } });
    expect(changed.body).toMatchObject({ fields: { budget: 9.5, colour: 'red' } });
    expect((await edits(id)).map(({ field, value }) => [field, value])).toEqual([
      ['custom:f-budget', 9.5],
      ['custom:f-colour', 'red'],
    ]);
    const refused = await patch(id, { fields: { budget: '9', colour: 'green' } });
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
    const id = await mirrored({ ...somebody(), city: 'Old' });
    await patch(id, { city: 'Ours' });
    const [edit] = await edits(id);
    await withScope(world.db, { agencyId }, (tx) =>
      settleEdits(tx, [{ editId: edit!.id, state: 'held', reason: 'ask', theirs: 'Theirs' }], new Date()),
    );
    expect((await get(id)).body).toMatchObject({ city: 'Old', syncStatus: 'held' });
    const listed = await world.http.get('/v1/contact-conflicts').query({ locationId: branch.id }).set(auth(owner));
    expect((listed.body as { conflicts: unknown[] }).conflicts).toMatchObject([
      { id: edit!.id, contactId: id, kind: 'field', field: 'city', ours: 'Ours', theirs: 'Theirs' },
    ]);
    const resolve = (key: string, body: object) =>
      world.http.post(`/v1/contact-conflicts/${edit!.id}/resolve`).set(auth(key)).send(body);
    expect((await resolve(world.neighbour.keys.agency, { keep: 'ours' })).status).toBe(404);
    expect((await resolve(keys.master, { keep: 'ours' })).status).toBe(404);
    expect((await resolve(owner, { ghlContactId: 'x' })).body).toMatchObject({ code: 'resolution-does-not-fit' });
    expect((await resolve(owner, { keep: 'ours' })).body).toMatchObject({ outcome: 'resolved' });
    expect((await resolve(owner, { keep: 'ours' })).body).toMatchObject({ code: 'already-decided' });
    expect((await get(id)).body).toMatchObject({ city: 'Ours', syncStatus: 'pending' });
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
    const listed = await world.http.get(path(branch.id)).set(auth(owner));
    expect(listed.body).toEqual({ policies: [{ field: '*', policy: 'ours-wins' }] });
  });
});

describe('what is logged', () => {
  it('names no person', () => {
    const text = world.logLines.join('\n');
    expect(text).toContain('/v1/contacts');
    for (const person of ['x.test', '555', 'Ada', 'Boston']) expect(text).not.toContain(person);
  });
});

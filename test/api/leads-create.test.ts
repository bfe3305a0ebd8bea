import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitToPass } from '../stack/wait.ts';
import { type ApiWorld, createApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const enquiry = { firstName: 'Annabeth', email: 'ann@example.com', phone: '415 555 0123', postcode: '94107' };
const post = (body: unknown, options: { key?: string; idempotencyKey?: string | null } = {}) => {
  const { key = world.agency.keys.agency, idempotencyKey = randomUUID() } = options;
  const request = world.http.post('/v1/leads').set('authorization', `Bearer ${key}`);
  if (idempotencyKey !== null) request.set('idempotency-key', idempotencyKey);
  return typeof body === 'string'
    ? request.set('content-type', 'application/json').send(body)
    : request.send(body as object);
};
const idOf = (answer: { body: unknown }): string => (answer.body as { id: string }).id;
const findLead = (id: string) =>
  world.ownerDb.selectFrom('leads').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

describe('POST /v1/leads', () => {
  it('makes a lead of the master account, answers 201 with its id and starts its workflow', async () => {
    const answer = await post(enquiry).expect(201);
    expect(answer.body).toMatchObject({ refused: [] });
    expect(answer.headers['location']).toBe(`/v1/leads/${idOf(answer)}`);
    const { agencyId, master } = world.agency;
    const expected = { agency_id: agencyId, intake_location_id: master.id, source: 'api', state: 'received' };
    expect(await findLead(idOf(answer))).toMatchObject(expected);
    await waitToPass(() => expect(world.client.handovers.map((each) => each.leadId)).toContain(idOf(answer)));
  });

  it('answers a repeat of the Idempotency-Key with the first lead and 200, in whatever order the JSON is', async () => {
    const idempotencyKey = randomUUID();
    const first = await post(enquiry, { idempotencyKey }).expect(201);
    const reordered = Object.fromEntries(Object.entries(enquiry).reverse());
    const again = await post(reordered, { idempotencyKey }).expect(200);
    expect(idOf(again)).toBe(idOf(first));
  });

  it('makes one lead of 50 equal requests at once', async () => {
    const idempotencyKey = randomUUID();
    const answers = await Promise.all(Array.from({ length: 50 }, () => post(enquiry, { idempotencyKey })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([...Array<number>(49).fill(200), 201]);
    expect(new Set(answers.map(idOf)).size).toBe(1);
  });

  it('refuses the same Idempotency-Key with another body, and stores nothing of it', async () => {
    const idempotencyKey = randomUUID();
    await post(enquiry, { idempotencyKey }).expect(201);
    const before = (await world.ownerDb.selectFrom('events').select('id').execute()).length;
    const answer = await post({ ...enquiry, firstName: 'Bob' }, { idempotencyKey }).expect(422);
    expect(answer.body).toMatchObject({ code: 'idempotency-key-reused' });
    expect(await world.ownerDb.selectFrom('events').select('id').execute()).toHaveLength(before);
  });

  it('keeps the Idempotency-Keys of tenants and of locations apart', async () => {
    const idempotencyKey = randomUUID();
    const callers = [world.agency.keys.agency, world.agency.keys.branch, world.neighbour.keys.agency];
    const answers = await Promise.all(callers.map((key) => post(enquiry, { key, idempotencyKey }).expect(201)));
    expect(new Set(answers.map(idOf)).size).toBe(3);
    expect(await findLead(idOf(answers[1]!))).toMatchObject({ intake_location_id: world.agency.branch.id });
    expect(await findLead(idOf(answers[2]!))).toMatchObject({ agency_id: world.neighbour.agencyId });
  });

  it.each([
    ['no credential at all', ''],
    ['an unknown key', 'swy_0123456789012345678901234567890123'],
    ['the secret of a workflow webhook', 'webhook'],
  ])('answers 401 to %s', async (_case, key) => {
    const used = key === 'webhook' ? world.agency.keys.webhook : key;
    const answer = await post(enquiry, { key: used }).expect(401);
    expect(answer.body).toMatchObject({ code: 'unauthorized', status: 401 });
  });

  it('answers 401 to a key that was revoked or has expired', async () => {
    const { keys } = world.neighbour;
    const set = (change: { revoked_at?: Date; expires_at?: Date }, role: 'agency' | 'location') =>
      world.ownerDb
        .updateTable('api_keys')
        .set(change)
        .where('agency_id', '=', world.neighbour.agencyId)
        .where('role', '=', role)
        .execute();
    await post(enquiry, { key: keys.branch }).expect(201);
    await set({ expires_at: new Date(Date.now() - 1_000) }, 'location');
    await post(enquiry, { key: keys.branch }).expect(401);
    await set({ revoked_at: new Date() }, 'agency');
    await post(enquiry, { key: keys.agency }).expect(401);
  });

  it.each([
    ['not JSON', '{"email":', 400, 'not-json'],
    ['without phone and e-mail', { firstName: 'Annabeth' }, 422, 'invalid-body'],
    ['a misspelt property', { ...enquiry, postCode: '94107' }, 422, 'invalid-body'],
    ['no object', [], 422, 'invalid-body'],
    ['only an invalid phone', { phone: '12' }, 422, 'no-usable-identifier'],
    ['only an invalid e-mail', { email: 'ann@' }, 422, 'no-usable-identifier'],
    ['U+0000 in a name', { ...enquiry, firstName: 'A\u0000nn' }, 422, 'nul-character'],
    ['a location that is not known', { ...enquiry, locationId: randomUUID() }, 422, 'unknown-location'],
  ])('refuses a body with %s', async (_case, body, status, code) => {
    const answer = await post(body).expect(status);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ code, status });
    expect(answer.text).not.toContain('ann@');
  });

  it('names the path of what is wrong', async () => {
    const answer = await post({ ...enquiry, country: 'FR' }).expect(422);
    expect(answer.body).toMatchObject({ issues: [{ path: 'country' }] });
  });

  it('takes a lead with one usable identifier and says which others are not', async () => {
    const answer = await post({ email: 'ann@example.com', phone: '12', postcode: '???' }).expect(201);
    expect((answer.body as { refused: string[] }).refused.sort()).toEqual(['phone', 'postcode']);
  });

  it("refuses another tenant's location, and a location's wish for another one", async () => {
    const foreign = { ...enquiry, locationId: world.neighbour.branch.id };
    await post(foreign).expect(422);
    await post({ ...enquiry, locationId: world.agency.branch.id }).expect(201);
    await post({ ...enquiry, locationId: world.agency.master.id }, { key: world.agency.keys.branch }).expect(422);
  });

  it('wants an Idempotency-Key', async () => {
    const answer = await post(enquiry, { idempotencyKey: null }).expect(400);
    expect(answer.body).toMatchObject({ code: 'idempotency-key-missing' });
    await post(enquiry, { idempotencyKey: 'with spaces' }).expect(400);
  });

  it('answers 413 to more than 256 KiB', async () => {
    await post(JSON.stringify(enquiry).padEnd(262_145, ' ')).expect(413);
  });
});

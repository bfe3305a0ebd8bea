import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, contactCreate, createApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const post = (body: string | object, secret = world.agency.keys.webhook) =>
  world.http
    .post('/webhooks/ghl-workflow')
    .set({ 'x-switchyard-secret': secret, 'content-type': 'application/json' })
    .send(body);
const hook = (more: object = {}) => ({ contact_id: `contact-${uuidv7()}`, first_name: 'Annabeth', ...more });
const leads = () => world.ownerDb.selectFrom('leads').selectAll().orderBy('id').execute();

describe('the custom webhook of a GHL workflow', () => {
  it('makes a lead of the location whose secret it carries', async () => {
    const body = hook();
    const answer = await post(body).expect(200);
    expect(answer.body).toEqual({ outcome: 'taken', status: 'accepted' });
    expect((await leads()).at(-1)).toMatchObject({
      source: 'ghl-workflow',
      intake_location_id: world.agency.master.id,
      source_contact_id: body.contact_id,
    });
  });

  it('and the signed webhook of the same contact make one lead', async () => {
    const event = contactCreate();
    await world.deliver(event).expect(200);
    const before = (await leads()).length;
    await post(hook({ contact_id: event.id })).expect(200);
    expect(await leads()).toHaveLength(before);
  });

  it('is a repeat for ten minutes; after that an enquiry without a contact is a new one', async () => {
    const body = { first_name: 'Annabeth', email: `${randomUUID()}@example.com` };
    const before = (await leads()).length;
    await post(body).expect(200);
    expect((await post(body).expect(200)).body).toMatchObject({ outcome: 'repeat' });
    expect(await leads()).toHaveLength(before + 1);
    await world.ownerDb
      .updateTable('event_keys')
      .set({ received_at: sql<Date>`now() - interval '11 minutes'` })
      .execute();
    await post(body).expect(200);
    expect(await leads()).toHaveLength(before + 2);
  });

  it('is answered 401 without its secret, with a revoked one, and with the key of another door', async () => {
    const events = () => world.ownerDb.selectFrom('events').select('id').execute();
    const before = (await events()).length;
    await world.http.post('/webhooks/ghl-workflow').send(hook()).expect(401);
    await post(hook(), world.agency.keys.agency).expect(401);
    await post(hook(), world.neighbour.keys.webhook).expect(200);
    await world.ownerDb
      .updateTable('api_keys')
      .set({ revoked_at: new Date() })
      .where('agency_id', '=', world.neighbour.agencyId)
      .execute();
    await post(hook(), world.neighbour.keys.webhook).expect(401);
    expect(await events()).toHaveLength(before + 1);
  });

  it.each([
    ['not JSON', 'email=ann'],
    ['no object', '"text"'],
    ['U+0000', '{"first_name":"A\\u0000"}'],
  ])('that cannot be read (%s) is kept as a dead letter and answered 200', async (_case, body) => {
    const before = (await leads()).length;
    const answer = await post(body).expect(200);
    expect(answer.body).toEqual({ outcome: 'taken', status: 'unparseable' });
    expect(await leads()).toHaveLength(before);
    const letters = await world.ownerDb
      .selectFrom('dead_letters')
      .selectAll()
      .where('agency_id', '=', world.agency.agencyId)
      .execute();
    expect(letters.at(-1)).toMatchObject({ capability: 'event-intake', subject_kind: 'event' });
  });

  it('only observes while its account is not live', async () => {
    const { id } = world.agency.master;
    await world.ownerDb.updateTable('locations').set({ live_at: null }).where('id', '=', id).execute();
    const before = (await leads()).length;
    await post(hook()).expect(200);
    expect(await leads()).toHaveLength(before);
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, createApiWorld } from './api-world.ts';

const URL = 'https://hooks.example.com/in?token=of-theirs';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());
afterEach(async () => {
  for (const table of ['notice_subscriptions', 'heard_topics', 'webhook_endpoints'] as const)
    await world.ownerDb.deleteFrom(table).execute();
});

interface Shown {
  id: string;
  url: string;
  description: string;
  subscriptions: { id: string; topics: string[] }[];
}
const as = (key: string) => ({ authorization: `Bearer ${key}` });
const change = (id: string, body: object, key = world.agency.keys.agency) =>
  world.http.patch(`/v1/webhook-endpoints/${id}`).set(as(key)).send(body);
const get = async (id: string) =>
  (await world.http.get(`/v1/webhook-endpoints/${id}`).set(as(world.agency.keys.agency))).body as Shown;
async function made(body: object = {}): Promise<Shown> {
  const wish = { url: URL, description: 'CRM', topics: ['lead.assigned', 'lead.closed'], ...body };
  const answer = await world.http.post('/v1/webhook-endpoints').set(as(world.agency.keys.agency)).send(wish);
  return get((answer.body as Shown).id);
}
const row = (id: string) =>
  world.ownerDb.selectFrom('webhook_endpoints').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const changesOf = async (id: string) => {
  const acts = world.ownerDb.selectFrom('audit_log').select('after').where('subject', '=', `webhook-endpoint:${id}`);
  const rows = await acts.where('action', '=', 'webhook-endpoint.change').orderBy('sequence').execute();
  return rows.map(({ after }) => after);
};
const heard = async () => {
  const rows = world.ownerDb.selectFrom('heard_topics').select('topic').where('agency_id', '=', world.agency.agencyId);
  return (await rows.orderBy('topic').execute()).map(({ topic }) => topic);
};

describe('PATCH /v1/webhook-endpoints/:id', () => {
  it('changes what is named, leaves the rest with its secret, and says so once', async () => {
    const endpoint = await made();
    const { secret } = await row(endpoint.id);
    const answer = await change(endpoint.id, { description: ' The new CRM ' });
    expect([answer.status, answer.body]).toEqual([200, { ...endpoint, description: 'The new CRM' }]);
    await change(endpoint.id, { url: 'https://other.example.com:8443/x?token=of-theirs' });
    await change(endpoint.id, { url: 'https://other.example.com:8443/x?token=of-theirs', description: 'The new CRM' });
    expect(await get(endpoint.id)).toEqual({
      ...endpoint,
      description: 'The new CRM',
      url: 'https://other.example.com:8443/x?token=of-theirs',
    });
    expect((await row(endpoint.id)).secret).toEqual(secret);
    expect(await changesOf(endpoint.id)).toEqual([{ isDescribedAnew: true }, { host: 'other.example.com:8443' }]);
    expect(JSON.stringify(world.logLines)).not.toContain('of-theirs');
  });

  it('has it hear of the topics that are named and of no others, and nobody of what is left', async () => {
    const endpoint = await made();
    await made({ topics: ['lead.closed'] });
    const answer = await change(endpoint.id, { topics: ['location.silent', 'lead.assigned', 'lead.assigned'] });
    const { subscriptions } = answer.body as Shown;
    expect(subscriptions).toMatchObject([
      { id: endpoint.subscriptions[0]!.id, topics: ['lead.assigned', 'location.silent'] },
    ]);
    expect(await heard()).toEqual(['lead.assigned', 'lead.closed', 'location.silent']);
    await change(endpoint.id, { topics: ['lead.accepted'] });
    expect(await heard()).toEqual(['lead.accepted', 'lead.closed']);
  });

  it('forgets what failed where it was before, and leaves it disabled', async () => {
    const { id } = await made();
    const failing = { failing_since: new Date(0), quiet_until: new Date() };
    await world.ownerDb.updateTable('webhook_endpoints').set(failing).where('id', '=', id).execute();
    await change(id, { description: 'still there' });
    expect((await row(id)).failing_since).not.toBeNull();
    await world.http.post(`/v1/webhook-endpoints/${id}/disable`).set(as(world.agency.keys.agency));
    const moved = await change(id, { url: 'https://hooks.example.com/elsewhere' });
    expect(moved.body).toMatchObject({ state: 'disabled', failingSince: null, quietUntil: null });
  });

  it.each([
    [{ url: 'http://hooks.example.com/' }, 'url-not-https'],
    [{ url: 'https://10.0.0.1/' }, 'url-host-not-public'],
    [{ url: 'https://[::ffff:127.0.0.1]/' }, 'url-host-not-public'],
    [{ url: 'https://metadata.internal/' }, 'url-host-not-public'],
    [{ url: 'https://hooks.example.com:22/', description: 'x' }, 'url-port-refused'],
    [{ topics: [] }, 'invalid-body'],
    [{ topics: ['lead.eaten'] }, 'invalid-body'],
    [{ description: 'two\nlines' }, 'invalid-body'],
    [{ state: 'enabled' }, 'invalid-body'],
    [{}, 'invalid-body'],
  ])('refuses %j, and changes nothing', async (body, code) => {
    const endpoint = await made();
    const answer = await change(endpoint.id, body);
    expect([answer.status, (answer.body as { code: string }).code]).toEqual([422, code]);
    expect(await get(endpoint.id)).toEqual(endpoint);
  });

  it('knows no endpoint of a neighbour, and wants an agency’s key', async () => {
    const endpoint = await made();
    const body = { url: 'https://thief.example.com/', topics: ['lead.closed'] };
    expect((await change(endpoint.id, body, world.neighbour.keys.agency)).status).toBe(404);
    expect((await change(endpoint.id, body, world.agency.keys.branch)).body).toMatchObject({
      code: 'agency-key-needed',
    });
    expect((await change('no-id', body)).status).toBe(404);
    expect(await get(endpoint.id)).toEqual(endpoint);
    expect(await changesOf(endpoint.id)).toEqual([]);
  });

  it('says when there is no subscription whose topics could be changed', async () => {
    const { id, subscriptions } = await made();
    await world.http.delete(`/v1/notice-subscriptions/${subscriptions[0]!.id}`).set(as(world.agency.keys.agency));
    expect((await change(id, { topics: ['lead.closed'] })).body).toMatchObject({
      status: 409,
      code: 'hears-of-nothing',
    });
    expect((await change(id, { description: 'x' })).status).toBe(200);
  });
});

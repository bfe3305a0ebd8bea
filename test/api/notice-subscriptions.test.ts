import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, createApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());
afterEach(async () => {
  for (const table of ['notice_subscriptions', 'webhook_endpoints'] as const)
    await world.ownerDb.deleteFrom(table).execute();
});

const call = (method: 'get' | 'post' | 'delete', path: string, key: string) =>
  world.http[method](`/v1${path}`).set('authorization', `Bearer ${key}`);
const listed = async (key: string) =>
  ((await call('get', '/notice-subscriptions', key)).body as { subscriptions: { id: string; channel: string }[] })
    .subscriptions;

describe('what an endpoint of a location hears by', () => {
  it('is the agency’s, and neither seen nor taken away by the key of the location', async () => {
    const { agency, branch } = { agency: world.agency.keys.agency, branch: world.agency.keys.branch };
    const endpoint = { url: 'https://hooks.example.com/', locationId: world.agency.branch.id };
    const made = await call('post', '/webhook-endpoints', agency).send(endpoint);
    const { id, subscriptions } = made.body as { id: string; subscriptions: { id: string }[] };
    const mine = { channel: 'email', to: 'desk@front-office.example', topics: ['lead.assigned'] };
    expect((await call('post', '/notice-subscriptions', branch).send(mine)).status).toBe(201);

    expect(await listed(branch)).toMatchObject([{ channel: 'email' }]);
    expect(await listed(agency)).toHaveLength(2);
    const path = `/notice-subscriptions/${subscriptions[0]!.id}`;
    expect((await call('delete', path, branch)).status).toBe(404);
    expect((await call('get', `/webhook-endpoints/${id}`, agency)).body).toMatchObject({ subscriptions });
  });
});

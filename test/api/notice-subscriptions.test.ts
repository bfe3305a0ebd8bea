import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SUBSCRIPTIONS_PER_PLACE } from '../../domain/notice.ts';
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

describe('a place', () => {
  it('is heard of by so many at most, also when the last are asked for at once; another place has its own', async () => {
    const { agency: key, branch } = world.agency.keys;
    const ask = async (name: number, by = branch): Promise<{ status: number; body: unknown }> => {
      const wanted = { channel: 'email', to: `desk${name}@front-office.example`, topics: ['lead.assigned'] };
      return call('post', '/notice-subscriptions', by).send(wanted);
    };
    for (let name = 0; name < SUBSCRIPTIONS_PER_PLACE - 1; name += 1) expect((await ask(name)).status).toBe(201);
    const last = await Promise.all([ask(SUBSCRIPTIONS_PER_PLACE), ask(SUBSCRIPTIONS_PER_PLACE + 1)]);
    expect(last.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(last.find(({ status }) => status === 409)!.body).toMatchObject({ code: 'too-many-subscriptions' });
    expect((await ask(0)).status).toBe(200);
    expect((await ask(0, key)).status).toBe(201);
  });
});

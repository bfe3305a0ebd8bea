import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { one, startHarness, two } from './harness.ts';
import type { Answer, Harness } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.simulator.close());

const create = (email: string): Promise<Answer> =>
  harness.ask('POST', '/contacts/', { body: { locationId: one, email } });
const count = async (): Promise<number> => (await harness.control.listContacts(one)).length;

describe('faults', () => {
  it('answer with a status as often as told, without doing the work', async () => {
    await harness.control.addFault({ status: 429, retryAfterSeconds: 7, times: 2 });
    const first = await create('a@x.test');
    expect(first.status).toBe(429);
    expect(first.headers.get('retry-after')).toBe('7');
    expect((await create('a@x.test')).status).toBe(429);
    expect(await count()).toBe(0);
    expect((await create('a@x.test')).status).toBe(201);
  });

  it('end when their time is over', async () => {
    await harness.control.addFault({ status: 500, forMs: 60_000 });
    expect((await create('a@x.test')).status).toBe(500);
    await harness.control.advanceClock(60_000);
    expect((await create('a@x.test')).status).toBe(201);
    expect(await harness.control.listFaults()).toEqual([]);
  });

  it('strike only the calls they name', async () => {
    await harness.control.addFault({ status: 503, method: 'GET', path: '^/locations/', locationId: one });
    expect((await harness.ask('GET', `/locations/${one}`)).status).toBe(503);
    expect((await harness.ask('GET', `/locations/${two}`, { token: 'location-2-token' })).status).toBe(200);
    expect((await create('a@x.test')).status).toBe(201);
    await harness.control.clearFaults();
    expect((await harness.ask('GET', `/locations/${one}`)).status).toBe(200);
  });

  it.each([
    ['hang', 0],
    ['hangAfterCommit', 1],
  ] as const)('%s leaves the caller waiting with %s contacts made', async (effect, made) => {
    await harness.control.addFault({ [effect]: true, times: 1 });
    const caller = new AbortController();
    const call = fetch(`${harness.simulator.url}/contacts/`, {
      method: 'POST',
      headers: { authorization: 'Bearer location-1-token', version: '2021-07-28', 'content-type': 'application/json' },
      body: JSON.stringify({ locationId: one, email: 'a@x.test' }),
      signal: caller.signal,
    });
    // Struck once, it is gone.
    await expect.poll(() => harness.control.listFaults()).toEqual([]);
    await expect.poll(() => count()).toBe(made);
    caller.abort(new Error('given up'));
    await expect(call).rejects.toThrow('given up');
    expect(await count()).toBe(made);
    await expect.poll(async () => (await harness.control.getCalls()).counts).toEqual({ 'POST /contacts/ 0': 1 });
  });

  it('cut the connection before or after the work', async () => {
    await harness.control.addFault({ cut: true, times: 1 });
    await expect(create('a@x.test')).rejects.toThrow();
    expect(await count()).toBe(0);
    await harness.control.addFault({ cutAfterCommit: true, times: 1 });
    await expect(create('a@x.test')).rejects.toThrow();
    expect(await count()).toBe(1);
  });

  it.each([
    ['failAfterCommit', 500],
    ['createdBut422', 422],
  ] as const)('%s does the work and says %s', async (effect, status) => {
    await harness.control.addFault({ [effect]: true, times: 1 });
    expect((await create('a@x.test')).status).toBe(status);
    expect(await count()).toBe(1);
  });

  it('send half of an answer after the work, broken off or whole in transit', async () => {
    const post = (email: string): Promise<Response> =>
      fetch(`${harness.simulator.url}/contacts/`, {
        method: 'POST',
        headers: {
          authorization: 'Bearer location-1-token',
          version: '2021-07-28',
          'content-type': 'application/json',
        },
        body: JSON.stringify({ locationId: one, email }),
      });
    await harness.control.addFault({ truncate: 'connection', times: 1 });
    const broken = await post('a@x.test');
    expect(broken.status).toBe(201);
    await expect(broken.text()).rejects.toThrow('terminated');
    await harness.control.addFault({ truncate: 'json', times: 1 });
    const text = await (await post('b@x.test')).text();
    expect(text.startsWith('{"')).toBe(true);
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
    expect(await count()).toBe(2);
  });

  it('let calls pass before the first is struck', async () => {
    await harness.control.addFault({ status: 401, skip: 2, times: 1 });
    const statuses = [];
    for (let n = 0; n < 4; n += 1) statuses.push((await harness.ask('GET', `/locations/${one}`)).status);
    expect(statuses).toEqual([200, 200, 401, 200]);
  });

  it('leave the ids of what is made as they are', async () => {
    const other = await startHarness();
    await other.control.addFault({ latencyMs: 1 });
    const [mine, theirs] = await Promise.all(
      [harness, other].map(({ control }) => control.createContact({ locationId: one, email: 'a@x.test' })),
    );
    await other.simulator.close();
    expect(mine?.id).toBe(theirs?.id);
  });

  it('slow a call down and let it through', async () => {
    await harness.control.addFault({ latencyMs: 120, times: 1 });
    const startMs = performance.now();
    expect((await create('a@x.test')).status).toBe(201);
    expect(performance.now() - startMs).toBeGreaterThan(100);
  });

  it('strike a share of the calls, the same one for the same seed', async () => {
    await harness.control.addFault({ errorRate: 0.5 });
    const statuses: number[] = [];
    for (let n = 0; n < 30; n += 1) statuses.push((await harness.ask('GET', `/locations/${one}`)).status);
    const failed = statuses.filter((status) => status === 500).length;
    expect(failed).toBeGreaterThan(5);
    expect(failed).toBeLessThan(25);
    const other = await startHarness();
    await other.control.addFault({ errorRate: 0.5 });
    const repeated: number[] = [];
    for (let n = 0; n < 30; n += 1) repeated.push((await other.ask('GET', `/locations/${one}`)).status);
    await other.simulator.close();
    expect(repeated).toEqual(statuses);
  });
});

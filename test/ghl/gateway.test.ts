import { NOTHING_OBSERVED } from '../../domain/ghl-budget.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNote, getContact, upsertContact } from '../../ghl/contacts.ts';
import type { CallRecord } from '../../ghl/gateway.ts';
import { interactive, openGhlWorld } from './ghl-world.ts';
import type { GhlWorld } from './ghl-world.ts';

let world: GhlWorld;
beforeEach(async () => {
  world = await openGhlWorld();
  await world.giveLocationTokens('valid');
});
afterEach(() => world.close());

const settle = async (calls: Promise<unknown>[]): Promise<unknown[]> =>
  (await Promise.allSettled(calls)).map((result): unknown =>
    result.status === 'rejected' ? result.reason : result.value,
  );

describe('the budget of a location', () => {
  it('is never exceeded by two processes that share it', async () => {
    await world.control.changeLocation('loc1', { rateLimit: { max: 25 } });
    const gateways = [world.openGateway(), world.openGateway()];
    const contact = await world.control.createContact({ locationId: 'loc1', firstName: 'Ann' });
    // The first answer teaches the limit.
    await getContact(gateways[0]!, interactive, contact.id);
    const calls = Array.from({ length: 60 }, (_unused, index) =>
      getContact(gateways[index % 2]!, interactive, contact.id),
    );
    const results = await settle(calls);
    const refused = results.filter((result) => result instanceof Error);
    expect(refused).toHaveLength(60 - 24);
    expect(refused[0]).toMatchObject({ code: 'GhlRateLimited', reason: 'budget' });
    expect(await world.countCalls(/ 429$/)).toBe(0);
  });

  it('is waited for inside the call when that takes less than two seconds', async () => {
    const startedMs = performance.now();
    const grant = { lane: 'interactive' as const, atMs: Date.now() };
    await world.budget.settle(interactive.resource, grant, { ...NOTHING_OBSERVED, pauseMs: 300 }).stored;
    await upsertContact(world.openGateway(), interactive, { email: 'ann@example.com' });
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(290);
  });

  it('stops waiting when the caller gives up', async () => {
    await world.control.addFault({ path: '/contacts', status: 429, retryAfterSeconds: 1, times: 1 });
    const gateway = world.openGateway();
    await expect(getContact(gateway, interactive, 'c1')).rejects.toMatchObject({ code: 'GhlRateLimited' });
    const stop = new AbortController();
    const call = getContact(gateway, { ...interactive, signal: stop.signal }, 'c1');
    stop.abort(new Error('stopped by the caller'));
    await expect(call).rejects.toThrow('stopped by the caller');
    expect(await world.countCalls(/\/contacts/)).toBe(1);
  });

  it('is respected after a 429: the error tells the wait, and nothing is sent before', async () => {
    await world.control.addFault({ path: '/contacts', status: 429, retryAfterSeconds: 60, times: 1 });
    const gateway = world.openGateway();
    const call = () => getContact(gateway, interactive, 'c1');
    await expect(call()).rejects.toMatchObject({ code: 'GhlRateLimited', reason: 'limit', retryAfterMs: 60_000 });
    const second: unknown = await call().catch((error: unknown) => error);
    expect(second).toMatchObject({ code: 'GhlRateLimited', reason: 'budget' });
    expect((second as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(10_000);
    expect(await world.countCalls(/\/contacts/)).toBe(1);
  });
});

describe('the end of a call', () => {
  const heldBack = (isNews: boolean) => {
    let store: () => void = () => {};
    const stored = new Promise<void>((resolve) => (store = resolve));
    return { settle: () => ({ isNews, stored }), store: () => store() };
  };

  it('is waited for where GHL told something new of the budget', async () => {
    const { settle, store } = heldBack(true);
    const gateway = world.openGateway({ budget: { ...world.budget, settle } });
    let isAnswered = false;
    const call = upsertContact(gateway, interactive, { email: 'ann@example.com' }).then(() => (isAnswered = true));
    await expect.poll(() => world.countCalls(/ 200$/)).toBe(1);
    expect(isAnswered).toBe(false);
    store();
    await call;
  });

  it('is not waited for otherwise, but before the gateway is closed', async () => {
    const { settle, store } = heldBack(false);
    const gateway = world.openGateway({ budget: { ...world.budget, settle } });
    await upsertContact(gateway, interactive, { email: 'ann@example.com' });
    let isClosed = false;
    const closing = gateway.close().then(() => (isClosed = true));
    // A round trip to GHL's side takes longer than closing a gateway that waits for nothing.
    await world.countCalls(/ 200$/);
    expect(isClosed).toBe(false);
    store();
    await closing;
  });
});

describe('the breaker of an endpoint group', () => {
  const quick = { openMs: 400, sharedCacheMs: 0 };
  const storm = (gateway: ReturnType<GhlWorld['openGateway']>, count: number) =>
    settle(Array.from({ length: count }, () => getContact(gateway, interactive, 'c1')));

  it('opens in a storm of errors, then fails at once with the time left', async () => {
    await world.control.addFault({ path: '/contacts', status: 503 });
    const gateway = world.openGateway();
    const results = await storm(gateway, 10);
    for (const result of results) expect(result).toMatchObject({ code: 'GhlUnavailable', status: 503 });
    await world.control.resetCalls();
    const tookMs: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      const startedMs = performance.now();
      const [refused] = await storm(gateway, 1);
      tookMs.push(performance.now() - startedMs);
      expect(refused).toMatchObject({ code: 'GhlCircuitOpen' });
    }
    // A busy machine takes its time over some of them, and not over all.
    expect(Math.min(...tookMs)).toBeLessThan(100);
    const [refused] = await storm(gateway, 1);
    const { retryAfterMs } = refused as { retryAfterMs: number };
    expect(retryAfterMs).toBeGreaterThan(10_000);
    expect(retryAfterMs).toBeLessThanOrEqual(30_000);
    expect(await world.countCalls(/./)).toBe(0);
  });

  it('opens for a group that hangs, although its calls take longer to fail than the window is', async () => {
    await world.control.addFault({ path: '/contacts', hang: true });
    const gateway = world.openGateway({ breaker: { windowMs: 300 }, timeoutsMs: { getContact: 1_000 } });
    for (const result of await storm(gateway, 10)) expect(result).toMatchObject({ reason: 'timeout' });
    expect(await storm(gateway, 1)).toMatchObject([{ code: 'GhlCircuitOpen' }]);
  });

  it('stays closed while fewer than half of the calls that ended in the window failed', async () => {
    const gateway = world.openGateway({ breaker: { windowMs: 60_000 } });
    // One after the other: whichever of twenty at once ended first, nine of the first ten would open it.
    await storm(gateway, 11);
    await world.control.addFault({ path: '/contacts', status: 503, times: 9 });
    await storm(gateway, 9);
    await expect(getContact(gateway, interactive, 'c1')).rejects.toMatchObject({ code: 'GhlNotFound' });
  });

  it('is shared with other processes', async () => {
    await world.control.addFault({ path: '/contacts', status: 503 });
    await storm(world.openGateway(), 10);
    const [refused] = await storm(world.openGateway(), 1);
    expect(refused).toMatchObject({ code: 'GhlCircuitOpen' });
  });

  it('leaves other groups alone', async () => {
    await world.control.addFault({ path: '/contacts', status: 503 });
    const gateway = world.openGateway();
    await storm(gateway, 10);
    const query = { locationId: 'loc1' };
    await expect(gateway.call('listPipelines', { ...interactive, query })).resolves.toMatchObject({
      pipelines: [{ id: 'pipe1' }],
    });
  });

  it('tries again after its time and closes when that works', async () => {
    await world.control.addFault({ path: '/contacts', status: 503, times: 10 });
    const gateway = world.openGateway({ breaker: quick });
    await storm(gateway, 10);
    await expect
      .poll(() => getContact(gateway, interactive, 'c1').catch((error: unknown) => error))
      .toMatchObject({
        code: 'GhlNotFound',
      });
  });

  it('stays closed for refusals of what was asked', async () => {
    const gateway = world.openGateway();
    const results = await storm(gateway, 30);
    for (const result of results) expect(result).toMatchObject({ code: 'GhlNotFound' });
    await world.control.addFault({ path: '/contacts', status: 403 });
    for (const result of await storm(gateway, 30)) expect(result).toMatchObject({ code: 'GhlForbidden' });
  });
});

describe('the connections to GHL', () => {
  it('are not all taken by a group that hangs', async () => {
    await world.control.addFault({ path: '/contacts', hang: true });
    const gateway = world.openGateway({ maxConnections: 2, timeoutsMs: { getContact: 60_000 } });
    const hanging = settle(Array.from({ length: 4 }, () => getContact(gateway, interactive, 'c1')));
    await expect.poll(async () => (await world.control.listFaults())[0]?.struck).toBe(2);
    let isOver = false;
    void hanging.then(() => (isOver = true));
    const query = { locationId: 'loc1' };
    await expect(gateway.call('listPipelines', { ...interactive, query })).resolves.toBeDefined();
    // It waited for none of those that hang.
    expect(isOver).toBe(false);
    await gateway.close();
    for (const result of await hanging) expect(result).toMatchObject({ code: 'GhlUnavailable' });
  });
});

describe('a caller that gives up', () => {
  it('stops the request and is no failure of the endpoint group', async () => {
    await world.control.addFault({ path: '/contacts', hang: true, times: 12 });
    const gateway = world.openGateway();
    const stop = new AbortController();
    const calls = Array.from({ length: 12 }, () => getContact(gateway, { ...interactive, signal: stop.signal }, 'c1'));
    await expect.poll(() => world.control.listFaults()).toEqual([]);
    stop.abort(new Error('stopped by the caller'));
    for (const result of await settle(calls)) expect(result).toMatchObject({ message: 'stopped by the caller' });
    await expect(getContact(gateway, interactive, 'c1')).rejects.toMatchObject({ code: 'GhlNotFound' });
  });
});

describe('an answer that does not come', () => {
  it('leaves it open whether a write was carried out', async () => {
    const contact = await world.control.createContact({ locationId: 'loc1', firstName: 'Ann' });
    await world.control.addFault({ path: '/notes', hangAfterCommit: true });
    const gateway = world.openGateway({ timeoutsMs: { createNote: 200 } });
    const call = createNote(gateway, interactive, contact.id, { body: 'routed' });
    await expect(call).rejects.toMatchObject({ code: 'GhlUnavailable', reason: 'timeout', ambiguous: true });
    expect(await world.control.listNotes('loc1')).toHaveLength(1);
  });

  it('leaves nothing open when it was a read', async () => {
    await world.control.addFault({ path: '/contacts', hang: true });
    const gateway = world.openGateway({ timeoutsMs: { getContact: 200 } });
    const call = getContact(gateway, interactive, 'c1');
    await expect(call).rejects.toMatchObject({ code: 'GhlUnavailable', reason: 'timeout', ambiguous: false });
  });

  it('leaves nothing open when no connection was made', async () => {
    const closed = await openGhlWorld();
    await closed.close();
    const gateway = world.openGateway({ baseUrl: closed.url });
    const call = upsertContact(gateway, interactive, { email: 'ann@example.com' });
    await expect(call).rejects.toMatchObject({ code: 'GhlUnavailable', reason: 'network', ambiguous: false });
  });

  it.each([
    ['failAfterCommit', 'status-500'],
    ['cutAfterCommit', 'network'],
  ] as const)('for %s is ambiguous', async (fault, reason) => {
    await world.control.addFault({ path: '/contacts/upsert', [fault]: true });
    const call = upsertContact(world.openGateway(), interactive, { email: 'ann@example.com' });
    await expect(call).rejects.toMatchObject({ code: 'GhlUnavailable', reason, ambiguous: true });
    expect(await world.control.listContacts('loc1')).toHaveLength(1);
  });
});

describe('every call', () => {
  it('is reported with its outcome', async () => {
    const records: CallRecord[] = [];
    const gateway = world.openGateway({ onCall: (record) => records.push(record) });
    await upsertContact(gateway, interactive, { email: 'ann@example.com' });
    await getContact(gateway, interactive, 'nobody').catch(() => undefined);
    expect(records).toMatchObject([
      { operation: 'upsertContact', group: 'contacts', lane: 'interactive', outcome: 'ok', status: 200 },
      { operation: 'getContact', group: 'contacts', lane: 'interactive', outcome: 'GhlNotFound', status: 400 },
    ]);
  });

  it('is refused before it is sent when a path parameter could change the path', async () => {
    const gateway = world.openGateway();
    for (const contactId of ['', '.', '..']) {
      const call = getContact(gateway, interactive, contactId);
      await expect(call).rejects.toMatchObject({ code: 'GhlInvalid', reason: 'path-parameter' });
    }
    expect(await world.countCalls(/./)).toBe(0);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGhlGateway } from '../../ghl/gateway.ts';
import type { GhlGateway } from '../../ghl/gateway.ts';
import { operations } from '../../ghl/operations.ts';
import type { GhlOperation, OperationName } from '../../ghl/operations.ts';
import { endpointGroups, timeoutsMs } from '../../ghl/operations/endpoint-groups.ts';
import { app, company, location } from './ghl-world.ts';
import { createMemoryBreakerStore, createMemoryBudgetStore, createMemoryTokenStore } from './memory-stores.ts';
import { openRecorder } from './recorder.ts';
import { sampleBodies } from './sample-bodies.ts';

const names = Object.keys(operations) as OperationName[];
const table: [OperationName, GhlOperation][] = names.map((name) => [name, operations[name]]);

describe('every call to GHL', () => {
  it.each(table)('%s declares group, version, timeout and effect', (_name, operation) => {
    expect(operation.version).toBe(endpointGroups[operation.group].version);
    expect(Object.values(timeoutsMs)).toContain(operation.timeoutMs);
    expect(['read', 'write']).toContain(operation.effect);
    expect(operation.method === 'GET' ? operation.effect : 'read').toBe('read');
    if (operation.body) expect(operation.method).not.toBe('GET');
  });

  it('has the version that the documentation names for its group', () => {
    const older = Object.entries(endpointGroups).filter(([, { version }]) => version === '2021-04-15');
    expect(older.map(([group]) => group).sort()).toEqual(['calendars', 'conversations', 'exports', 'messages', 'saas']);
    const rest = Object.values(endpointGroups).filter(({ version }) => version === '2021-07-28');
    expect(rest).toHaveLength(Object.keys(endpointGroups).length - older.length);
  });

  it('has a name of its own: two of one name would silently be one', () => {
    const folder = new URL('../../ghl/operations/', import.meta.url);
    const sources = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8'));
    const declared = sources.flatMap((source) => [...source.matchAll(/^ {2}(\w+): \{/gm)].map(([, name]) => name));
    const ofCalls = declared.filter((name) => !(name! in endpointGroups));
    expect(ofCalls.sort()).toEqual([...names].sort());
  });

  it('waits longer where an early cut only makes doubt', () => {
    expect(operations.sendMessage).toMatchObject({ effect: 'write', group: 'messages', timeoutMs: timeoutsMs.send });
    expect(operations.createLocation.timeoutMs).toBe(timeoutsMs.provision);
    expect(operations.updateLocation.timeoutMs).toBe(timeoutsMs.provision);
    expect(operations.exportMessages.timeoutMs).toBe(timeoutsMs.export);
    expect(operations.getContact.timeoutMs).toBe(5_000);
  });
});

const SMUGGLED = 'smuggled';

/** The value with a property that nobody declared in each object, at every depth. */
function withJunk(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withJunk);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  const inner = Object.entries(value).map(([key, each]) => [key, withJunk(each)] as const);
  return Object.fromEntries([...inner, [SMUGGLED, SMUGGLED]]);
}

describe('what leaves the process', () => {
  let recorder: Awaited<ReturnType<typeof openRecorder>>;
  let gateway: GhlGateway;
  const open = async (answer: string) => {
    recorder = await openRecorder(answer);
    const tokens = createMemoryTokenStore();
    tokens.put(location, { accessToken: 'access-1' });
    tokens.put(company, { accessToken: 'access-2' });
    const stores = { tokens, budget: createMemoryBudgetStore(), breakers: createMemoryBreakerStore() };
    gateway = createGhlGateway({ baseUrl: recorder.url, app, ...stores });
  };
  beforeEach(() => open('{}'));
  afterEach(async () => {
    await gateway.close();
    await recorder.close();
  });

  const send = (name: OperationName, operation: GhlOperation) => {
    const parameters = [...operation.path.matchAll(/:(\w+)/g)].map(([, parameter]) => [parameter, 'x'] as const);
    const path = Object.fromEntries(parameters) as Record<string, string>;
    const body = withJunk((sampleBodies as Record<string, unknown>)[name]) as Record<string, unknown>;
    if (name === 'requestToken') {
      return gateway.requestToken(body as Parameters<GhlGateway['requestToken']>[0]);
    }
    return gateway.call(name, { resource: location, lane: 'interactive', path, body });
  };

  it.each(table)('by %s is what was declared and nothing else', async (name, operation) => {
    // An answer without anything in it is understood, or told by a typed error.
    const error: unknown = await send(name, operation).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (error) expect(error).toMatchObject({ code: 'GhlInvalid', reason: 'response-shape', operation: name });
    expect(recorder.requests).toHaveLength(1);
    const [request] = recorder.requests;
    expect(request).toMatchObject({ method: operation.method, version: operation.version });
    expect(JSON.stringify(request)).not.toContain(SMUGGLED);
    if (operation.body) expect(request?.body.length).toBeGreaterThan(2);
    else expect(request?.body).toBe('');
  });

  it.each(table)('and an answer to %s that is no JSON is told by a typed error', async (name, operation) => {
    await gateway.close();
    await recorder.close();
    await open('{"contact": {"id": "c1", "na');
    const ambiguous = operation.effect === 'write';
    await expect(send(name, operation)).rejects.toMatchObject({
      code: 'GhlUnavailable',
      reason: 'not-json',
      ambiguous,
    });
  });
});

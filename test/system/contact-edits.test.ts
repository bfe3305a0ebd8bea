import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { somebody } from '../stack/lead-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { waitFor } from '../stack/wait.ts';
import { type LiveSystem, startLiveSystem } from './live-system.ts';

const GHL_LOCATION = 'one-loc-chelsea';
const ID = '/contacts/:contactId';

let system: LiveSystem;
let agency: PlantedAgency;
let key: string;
beforeAll(async () => {
  system = await startLiveSystem();
  agency = await system.plant(smallAgency('one'), system.webhookUrl);
  key = await system.makeKey(agency.agencyId, 'location', agency.locations.get('chelsea'));
  await system.simulator.changeLocation(GHL_LOCATION, { rateLimit: { max: 10_000 } });
});
beforeEach(() => system.simulator.resetCalls());
afterEach(() => system.simulator.clearFaults());
afterAll(() => system.stop());

const person = () => {
  const { postcode: _postcode, ...rest } = somebody();
  return rest;
};
const get = async (id: string) => (await system.ask('GET', `/v1/contacts/${id}`, key)).body;
const inStatus = (id: string, syncStatus: string) =>
  waitFor(`the contact to be ${syncStatus}`, async () => (await get(id))['syncStatus'] === syncStatus);
const shown = async (ghlId: unknown) =>
  (await system.simulator.listContacts(GHL_LOCATION)).find((each) => each.id === ghlId);
const callsTo = async (route: string) =>
  (await system.simulator.getCalls()).last.filter((call) => call.route === route);
/** Every workflow of a contact has done what it was told, and nothing waits in the inbox. */
const quiet = () =>
  waitFor('the contacts to be in step', async () => {
    const waiting = await system.database.ownerDb
      .selectFrom('event_capabilities')
      .select('sequence')
      .where('state', '=', 'pending')
      .execute();
    const running = await system.client.temporal.workflow.count(
      `WorkflowType = 'contactSync' and ExecutionStatus = 'Running'`,
    );
    const { pending } = (await system.simulator.getWebhooks()) as unknown as { pending?: number };
    return waiting.length === 0 && running.count === 0 && !pending;
  });
let requests = 0;
const make = async (body: Record<string, unknown>): Promise<string> => {
  requests += 1;
  const made = await system.ask('POST', '/v1/contacts', key, body, { 'idempotency-key': `make-${requests}` });
  expect(made.status).toBe(201);
  return String(made.body['id']);
};

describe('a contact made and changed by the API', () => {
  it('is in GHL once with all it has, and its own events bring no write and few reads', async () => {
    const body = person();
    const id = await make({ ...body, tags: ['vip'] });
    await inStatus(id, 'synced');
    const { ghlContactId } = await get(id);
    expect(await shown(ghlContactId)).toMatchObject({ ...body, tags: ['vip'] });
    await quiet();
    await system.simulator.resetCalls();

    const changed = await system.ask('PATCH', `/v1/contacts/${id}`, key, { city: 'Boston' });
    expect(changed.body).toMatchObject({ city: 'Boston', syncStatus: 'pending' });
    await inStatus(id, 'synced');
    await waitFor('GHL to tell of it', async () =>
      (await system.simulator.listDeliveries({ type: 'ContactUpdate' })).some(({ state }) => state === 'delivered'),
    );
    await quiet();
    const calls = await callsTo(ID);
    expect(calls.filter(({ method }) => method === 'PUT')).toHaveLength(1);
    expect(calls.filter(({ method }) => method === 'GET').length).toBeLessThanOrEqual(4);
    expect(await get(id)).toMatchObject({ city: 'Boston', syncStatus: 'synced' });
    const leads = await system.database.ownerDb.selectFrom('leads').select('id').execute();
    expect(leads).toEqual([]);
  });

  it('is deferred while GHL is away, and synced when it is back, once', async () => {
    const id = await make(person());
    await inStatus(id, 'synced');
    await system.simulator.addFault({ status: 503, path: '/contacts' });
    await system.ask('PATCH', `/v1/contacts/${id}`, key, { city: 'Salem' });
    await inStatus(id, 'deferred');
    const away = await get(id);
    expect(away).toMatchObject({ city: 'Salem' });
    expect(['GhlUnavailable', 'GhlCircuitOpen']).toContain(away['lastError']);
    expect(Number(away['retryCount'])).toBeGreaterThan(0);
    await system.simulator.clearFaults();
    await waitFor('GHL to have it', async () => (await get(id))['syncStatus'] === 'synced');
    expect(await shown(away['ghlContactId'])).toMatchObject({ city: 'Salem' });
  });

  it('fails with the reason when GHL refuses it, and goes when it is redriven after that', async () => {
    const [taken, id] = [person(), await make(person())];
    const other = await system.simulator.createContact({ locationId: GHL_LOCATION, ...taken });
    await inStatus(id, 'synced');
    await system.ask('PATCH', `/v1/contacts/${id}`, key, { email: taken.email });
    await inStatus(id, 'failed');
    expect(await get(id)).toMatchObject({ lastError: 'GhlDuplicateContact' });
    await system.simulator.deleteContact(other.id);
    expect((await system.ask('POST', `/v1/contacts/${id}/redrive`, key)).body).toMatchObject({ redriven: 1 });
    await inStatus(id, 'synced');
    expect(await shown((await get(id))['ghlContactId'])).toMatchObject({ email: taken.email });
  });

  it('takes many changes at once in one workflow, and the last of each field stands', async () => {
    const id = await make(person());
    await inStatus(id, 'synced');
    await system.simulator.resetCalls();
    for (let step = 1; step <= 20; step += 1) {
      await system.ask('PATCH', `/v1/contacts/${id}`, key, { city: `City ${step}`, addTags: [`t${step}`] });
    }
    await inStatus(id, 'synced');
    await quiet();
    const { ghlContactId } = await get(id);
    const there = await shown(ghlContactId);
    expect(there).toMatchObject({ city: 'City 20' });
    expect(there?.tags).toHaveLength(20);
    expect(await get(id)).toMatchObject({ city: 'City 20', syncStatus: 'synced' });
  });
});

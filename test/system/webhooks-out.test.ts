import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { type CliRunner, createCliRunner } from '../cli/harness.ts';
import { suiteEvidence } from '../leaks/evidence.ts';
import { answering, type Receiver, startReceiver } from '../outbound/receiver.ts';
import { createLeadHarness, type LeadHarness, somebody } from '../stack/lead-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { waitFor } from '../stack/wait.ts';
import { type LiveSystem, startLiveSystem } from './live-system.ts';

const ring = `1:${randomBytes(32).toString('base64')}`;
const outboundRules = { privateAddresses: new Set(['127.0.0.1']), isHttpAllowed: true };

interface Endpoint {
  id: string;
  secret: string;
}

let system: LiveSystem;
let agency: PlantedAgency;
let neighbour: PlantedAgency;
let leads: LeadHarness;
let key: string;
let theirKey: string;
let receiver: Receiver;
let theirs: Receiver;
let endpoint: Endpoint;
let cli: CliRunner;
let ofAgency: string[];
beforeAll(async () => {
  const webhooks = { outboundRules, webhookRetryDelaysMs: [1_000, 1_000, 1_000] };
  system = await startLiveSystem({ keys: parseKeyRing(ring), webhooks });
  [agency, neighbour] = [await system.plant(smallAgency('one')), await system.plant(smallAgency('two'))];
  leads = createLeadHarness(system, agency);
  key = await system.makeKey(agency.agencyId, 'agency');
  theirKey = await system.makeKey(neighbour.agencyId, 'agency');
  [receiver, theirs] = [await startReceiver(), await startReceiver()];
  endpoint = await create(key, { url: `${receiver.url}/hook`, topics: ['lead.assigned', 'lead.closed'] });
  await create(theirKey, { url: theirs.url });
  ofAgency = ['--agency', agency.agencyId];
  cli = await createCliRunner({
    DATABASE_URL: system.database.url,
    ENCRYPTION_KEYS: ring,
  });
});
afterAll(async () => {
  await cli.close();
  await system.stop();
  await Promise.all([receiver.close(), theirs.close()]);
});
beforeEach(() => {
  receiver.received.length = 0;
  receiver.reply = answering(204);
});

async function create(by: string, body: object): Promise<Endpoint> {
  const made = await system.ask('POST', '/v1/webhook-endpoints', by, body);
  expect(made.status).toBe(201);
  const { id, secret } = made.body as unknown as Endpoint;
  suiteEvidence.use([{ kind: 'token', value: secret }]);
  return { id, secret };
}

const path = (rest = ''): string => `/v1/webhook-endpoints/${endpoint.id}${rest}`;
const listDeliveries = async () =>
  (await system.ask('GET', path('/deliveries'), key)).body['deliveries'] as {
    id: string;
    topic: string;
    state: string;
    attempts: number;
  }[];
/** Deliveries whose end a test has seen. */
const seen = new Set<string>();
/** Until a delivery that no test has seen has ended so. */
const ended = async (topic: string, state: string) => {
  const found = await waitFor(`${topic} ${state}`, async () => {
    const [newest] = await listDeliveries();
    return newest?.topic === topic && newest.state === state && !seen.has(newest.id) && newest;
  });
  seen.add(found.id);
  return found;
};
const verified = ({ body, headers }: Receiver['received'][number]) =>
  new Webhook(endpoint.secret).verify(body, headers) as { type: string; data: Record<string, unknown> };

describe('a lead that is assigned', () => {
  it('is told once, signed, to the endpoint of its own agency', async () => {
    const person = { ...somebody('02116'), phone: '(617) 555-0187' };
    const leadId = await leads.start(person);
    const lead = await leads.inState(leadId, 'assigned');
    const delivery = await ended('lead.assigned', 'sent');
    expect(receiver.received).toHaveLength(1);
    const [sent] = receiver.received;
    const told = verified(sent!);
    expect(told).toMatchObject({
      type: 'lead.assigned',
      data: { leadId, agencyId: agency.agencyId, repId: lead.rep_id, locationId: lead.location_id },
    });
    expect([sent!.path, sent!.headers['webhook-id'], delivery.attempts]).toEqual(['/hook', delivery.id, 1]);
    for (const value of [person.email, person.firstName, person.lastName, '5550187', '555-0187'])
      expect(sent!.body).not.toContain(value);
    expect(theirs.received).toEqual([]);
  });

  it('is told again with the same id until the endpoint takes it', async () => {
    let answers = 0;
    receiver.reply = (_request, response) => {
      answers += 1;
      response.writeHead(answers < 3 ? 500 : 200).end();
    };
    await leads.inState(await leads.start(somebody('02116')), 'assigned');
    const delivery = await ended('lead.assigned', 'sent');
    expect(delivery.attempts).toBe(3);
    expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual(Array(3).fill(delivery.id));
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
    for (const each of receiver.received) expect(verified(each).type).toBe('lead.assigned');
  });

  it('is told once more when it is asked for, with its old id', async () => {
    const [newest] = await listDeliveries();
    const body = { deliveryIds: [newest!.id] };
    const theirTry = await system.ask('POST', path('/deliveries/redeliver'), theirKey, body);
    expect([theirTry.status, receiver.received]).toEqual([404, []]);
    expect((await system.ask('POST', path('/deliveries/redeliver'), key, body)).body).toEqual(body);
    await waitFor('it to come again', () => receiver.received.length === 1);
    expect(receiver.received[0]!.headers['webhook-id']).toBe(newest!.id);
    await waitFor('its end', async () => (await listDeliveries())[0]!.state === 'sent');
  });
});

async function listLetters(): Promise<string[]> {
  const command = ['dead-letters', 'list', '--cause', 'webhook-endpoint', ...ofAgency];
  const { deadLetters } = await cli.json<{ deadLetters: { cause: string }[] }>(command);
  return deadLetters.map(({ cause }) => cause);
}

describe('an operator', () => {
  it('tries an endpoint, and is told what it answers', async () => {
    expect((await cli.run(['webhooks', 'test', endpoint.id, ...ofAgency])).out).toContain('has taken it: status-204');
    expect(verified(receiver.received[0]!)).toMatchObject({ type: 'notice.test' });
    receiver.reply = answering(302, { location: theirs.url });
    const failed = await cli.run(['webhooks', 'test', endpoint.id, ...ofAgency]);
    expect([failed.code, failed.error]).toEqual([1, expect.stringContaining('redirect-302')]);
    expect(theirs.received).toEqual([]);
  });

  it('finds an endpoint disabled that wants no more, and enables it', async () => {
    receiver.reply = answering(410);
    await leads.inState(await leads.start(somebody('02116')), 'assigned');
    await ended('lead.assigned', 'refused');
    expect((await system.ask('GET', path(), key)).body).toMatchObject({ state: 'disabled', disabledReason: 'gone' });
    expect(await listLetters()).toContain('webhook-endpoint:gone');
    const page = await (await fetch(`${system.apiUrl}/metrics`)).text();
    expect(page).toContain('switchyard_webhook_endpoints{state="disabled-gone"} 1');
    await cli.json(['webhooks', 'enable', endpoint.id, ...ofAgency]);
    expect(await listLetters()).toEqual([]);
  });
});

import { ApplicationFailureCategory } from '@temporalio/common';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { redeliverToEndpoint, rotateEndpointSecret, switchEndpoint } from '../../db/webhook-endpoint-acts.ts';
import { RETRY_DELAYS_MS } from '../../domain/webhook-attempt.ts';
import { answering, type Receiver, startReceiver } from '../outbound/receiver.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { createWebhookWorld, type WebhookWorld } from './webhook-world.ts';

const HOUR_MS = 3_600_000;

let all: Neighbours;
let world: WebhookWorld;
let theirs: WebhookWorld;
let receiver: Receiver;
let endpoint: { id: string; secret: string };
beforeAll(async () => {
  all = await startNeighbours();
  world = createWebhookWorld(all.bench, all.agency);
  theirs = createWebhookWorld(all.bench, all.neighbour);
});
afterAll(() => all.bench.stop());
beforeEach(async () => {
  receiver = await startReceiver();
  endpoint = await world.endpoint(`${receiver.url}/hook`);
});
afterEach(async () => {
  all.bench.clock.at = undefined;
  await receiver.close();
  for (const table of ['notice_subscriptions', 'webhook_endpoints', 'dead_letters'] as const)
    await all.bench.database.ownerDb.deleteFrom(table).execute();
});

/** The one delivery of something that happens. */
const one = async (locationId?: string): Promise<string> => (await world.happens(locationId))[0]!;
const passes = (ms: number): void => {
  all.bench.clock.at = new Date((all.bench.clock.at ?? new Date()).getTime() + ms);
};

describe('a notice that is sent to an endpoint', () => {
  it('is signed, and tells ids and codes', async () => {
    const id = await one(all.agency.location('back-bay'));
    expect(await world.send(id)).toBeUndefined();
    const [{ headers, body } = receiver.received[0]!] = receiver.received;
    const told = new Webhook(endpoint.secret).verify(body, headers) as Record<string, unknown>;
    expect(headers['webhook-id']).toBe(id);
    expect(told).toMatchObject({ type: 'lead.assigned', timestamp: expect.stringMatching(/Z$/) as string });
    expect(Object.keys(told['data'] as object).sort()).toEqual(
      ['agencyId', 'assignmentId', 'ghlContactId', 'leadId', 'locationId', 'noticeId', 'repId'].sort(),
    );
    expect(await world.delivery(id)).toMatchObject({ state: 'sent', attempts: 1, reason: 'status-204' });
  });

  it('goes once, however often the step is repeated', async () => {
    const id = await one();
    for (const attempt of [1, 1, 2]) await world.send(id, { attempt });
    expect(receiver.received).toHaveLength(1);
    expect(await world.delivery(id)).toMatchObject({ state: 'sent', attempts: 1 });
  });

  it('comes again with the same id and the same words, signed for its time', async () => {
    const id = await one();
    receiver.reply = answering(500);
    const failure = await world.send(id);
    expect(failure).toMatchObject({
      type: 'status-500',
      nonRetryable: false,
      category: ApplicationFailureCategory.BENIGN,
    });
    expect(failure!.nextRetryDelay).toBeGreaterThanOrEqual(5_000);
    expect(failure!.nextRetryDelay).toBeLessThanOrEqual(6_000);
    expect(await world.delivery(id)).toMatchObject({ state: 'pending', attempts: 1, reason: 'status-500' });
    expect((await world.get(endpoint.id)).failingSince).not.toBeNull();

    passes(60_000);
    receiver.reply = answering(204);
    expect(await world.send(id, { attempt: 2 })).toBeUndefined();
    const [first, second] = receiver.received;
    expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id']);
    expect(second!.body).toBe(first!.body);
    expect(Number(second!.headers['webhook-timestamp'])).toBeGreaterThan(Number(first!.headers['webhook-timestamp']));
    expect(await world.get(endpoint.id)).toMatchObject({ failingSince: null, succeededAt: expect.any(Date) as Date });
  });

  it('goes again with the same id where nobody knows what came of an attempt', async () => {
    const id = await one();
    const activityId = 'of-the-worker-that-died';
    receiver.reply = answering(500);
    await world.send(id, { activityId });
    receiver.reply = answering(204);
    receiver.received.length = 0;
    const untold = { state: 'sending' as const, reason: null };
    await all.bench.database.ownerDb.updateTable('notice_deliveries').set(untold).where('id', '=', id).execute();
    // Another workflow may be at it now: this one waits for as long as an attempt can take.
    const failure = await world.send(id, { attempt: 1 });
    expect(failure).toMatchObject({ type: 'DeliveryInFlight' });
    expect(failure!.nextRetryDelay).toBeGreaterThan(50_000);
    expect(receiver.received).toEqual([]);
    // Its own attempt before is over: Temporal repeats it.
    expect(await world.send(id, { attempt: 2, activityId })).toBeUndefined();
    expect(receiver.received[0]!.headers['webhook-id']).toBe(id);
    expect(await world.delivery(id)).toMatchObject({ state: 'sent', attempts: 2 });
  });

  it('is sent by one of two workflows that are at it at once', async () => {
    const id = await one();
    const hung: (() => void)[] = [];
    receiver.reply = (_request, response) => void hung.push(() => response.writeHead(204).end());
    const first = world.send(id);
    await expect.poll(() => hung.length).toBe(1);
    // However often the other one has waited: none of its attempts has gone out.
    for (const attempt of [1, 2, 3]) {
      const waits = await world.send(id, { attempt, activityId: 'of-the-other' });
      expect(waits).toMatchObject({ type: 'DeliveryInFlight', nextRetryDelay: 60_000 });
    }
    hung[0]!();
    expect(await first).toBeUndefined();
    expect(await world.send(id, { attempt: 2 })).toBeUndefined();
    expect(receiver.received).toHaveLength(1);
  });

  it('fails by a redirect, which leads nowhere', async () => {
    const inside = await startReceiver();
    receiver.reply = answering(307, { location: inside.url });
    const id = await one();
    expect(await world.send(id)).toMatchObject({ type: 'redirect-307' });
    expect(inside.received).toEqual([]);
    await inside.close();
  });

  it('is not sent where the stored URL is not allowed any more', async () => {
    const { ownerDb } = all.bench.database;
    await ownerDb.updateTable('webhook_endpoints').set({ url: 'http://127.0.0.2:9000/' }).execute();
    expect(await world.send(await one())).toMatchObject({ type: 'url-refused' });
    expect(all.bench.webhookAttempts.at(-1)).toBe('address-refused');
  });

  it('is refused after ten attempts, with one letter for all of the endpoint', async () => {
    const ids = [await one(), await one()];
    receiver.reply = answering(500);
    for (const id of ids) {
      for (let attempt = 1; attempt <= RETRY_DELAYS_MS.length; attempt += 1)
        expect(await world.send(id, { attempt })).toMatchObject({ type: 'status-500' });
      expect(await world.send(id, { attempt: 10 })).toBeUndefined();
      expect(await world.delivery(id)).toMatchObject({ state: 'refused', attempts: 10, reason: 'status-500' });
    }
    expect(await world.letters(endpoint.id)).toEqual(['webhook-endpoint:undelivered']);
    expect((await world.get(endpoint.id)).state).toBe('enabled');
  });
});

describe('an endpoint', () => {
  it('is sent nothing while it wants quiet, and no attempt is lost by that', async () => {
    const [id, other] = [await one(), await one()];
    receiver.reply = answering(429, { 'retry-after': '120' });
    const failure = await world.send(id);
    expect(failure!.nextRetryDelay).toBeGreaterThanOrEqual(120_000);
    receiver.reply = answering(204);
    const waiting = await world.send(other);
    expect(waiting).toMatchObject({ type: 'EndpointQuiet' });
    expect(waiting!.nextRetryDelay).toBeGreaterThan(100_000);
    expect(receiver.received).toHaveLength(1);
    expect(await world.delivery(other)).toMatchObject({ state: 'pending', attempts: 0 });
    passes(121_000);
    expect(await world.send(other, { attempt: 2 })).toBeUndefined();
    expect(await world.delivery(other)).toMatchObject({ state: 'sent', attempts: 1 });
  });

  it('that answers 410 is disabled at once, what waits for it is not sent, and an operator hears of it', async () => {
    const [id, other] = [await one(), await one()];
    receiver.reply = answering(410);
    expect(await world.send(id)).toBeUndefined();
    expect(await world.get(endpoint.id)).toMatchObject({ state: 'disabled', disabledReason: 'gone' });
    expect(await world.delivery(id)).toMatchObject({ state: 'refused', reason: 'status-410' });
    expect(await world.delivery(other)).toMatchObject({ state: 'suppressed', reason: 'endpoint-disabled' });
    expect(await world.send(other)).toBeUndefined();
    expect(await world.send(await one())).toBeUndefined();
    expect(receiver.received).toHaveLength(1);
    expect(await world.letters(endpoint.id)).toEqual(['webhook-endpoint:gone']);
    expect(await world.audited(endpoint.id)).toEqual(['webhook-endpoint.create', 'webhook-endpoint.disable']);
  });

  it('that has failed for five days without a success is disabled; one that had a success is not', async () => {
    receiver.reply = answering(500);
    const [first, waiting] = [await one(), await one()];
    await world.send(first);
    passes(119 * HOUR_MS);
    await world.send(await one());
    expect((await world.get(endpoint.id)).state).toBe('enabled');
    receiver.reply = answering(204);
    await world.send(await one());
    receiver.reply = answering(500);
    passes(2 * HOUR_MS);
    await world.send(first, { attempt: 2 });
    expect((await world.get(endpoint.id)).state).toBe('enabled');
    passes(120 * HOUR_MS);
    await world.send(first, { attempt: 3 });
    expect(await world.get(endpoint.id)).toMatchObject({ state: 'disabled', disabledReason: 'failing' });
    expect(await world.delivery(waiting)).toMatchObject({ state: 'suppressed', reason: 'endpoint-disabled' });
    expect(await world.letters(endpoint.id)).toEqual(['webhook-endpoint:failing']);
  });

  it('is sent what is new once it is enabled again, and what is chosen of the rest, with its old id', async () => {
    receiver.reply = answering(410);
    const [id, other] = [await one(), await one()];
    await world.send(id);
    receiver.reply = answering(204);
    await world.inScope((tx) => switchEndpoint(tx, world.act(), { id: endpoint.id, state: 'enabled' }));
    expect(await world.letters(endpoint.id)).toEqual([]);
    expect(await world.send(await one())).toBeUndefined();
    expect(await world.send(other)).toBeUndefined();
    expect(receiver.received).toHaveLength(2);

    const of = { id: endpoint.id, deliveryIds: [other, id] };
    const again = await world.inScope((tx) => redeliverToEndpoint(tx, world.act(), of));
    expect([...(again as string[])].sort()).toEqual([id, other].sort());
    expect(await world.inScope((tx) => redeliverToEndpoint(tx, world.act(), of))).toEqual([]);
    for (const each of [id, other]) await world.send(each);
    expect(receiver.received.slice(2).map(({ headers }) => headers['webhook-id'])).toEqual([id, other]);
  });

  it('is signed for by both secrets while they change, and then by the new one alone', async () => {
    const rotated = await world.inScope((tx) =>
      rotateEndpointSecret(tx, all.bench.keys, world.act(), { id: endpoint.id, overlapHours: 24 }),
    );
    const verifies = (secret: string): boolean => {
      const { body, headers } = receiver.received.at(-1)!;
      // The library takes no message of another day.
      const at = Number(headers['webhook-timestamp']) * 1_000;
      const signed = new Webhook(secret).sign(headers['webhook-id']!, new Date(at), body);
      return headers['webhook-signature']!.split(' ').includes(signed);
    };
    await world.send(await one());
    for (const secret of [endpoint.secret, rotated!.secret]) {
      expect(verifies(secret)).toBe(true);
      const { body, headers } = receiver.received.at(-1)!;
      expect(new Webhook(secret).verify(body, headers)).toBeTruthy();
    }
    passes(24 * HOUR_MS);
    await world.send(await one());
    expect([verifies(endpoint.secret), verifies(rotated!.secret)]).toEqual([false, true]);
  });

  it('that hangs has four at once, and leaves the rest to others', async () => {
    const hung: (() => void)[] = [];
    receiver.reply = (_request, response) => void hung.push(() => response.writeHead(204).end());
    const open = [await one(), await one(), await one(), await one()];
    const sending = open.map((id) => world.send(id));
    await expect.poll(() => hung.length).toBe(4);
    const next = await one();
    expect(await world.send(next)).toMatchObject({ type: 'EndpointBusy' });
    expect(await world.delivery(next)).toMatchObject({ state: 'pending', attempts: 0 });
    const quick = await startReceiver();
    const other = await theirs.endpoint(quick.url);
    const [theirOwn] = await theirs.happens();
    expect(await theirs.send(theirOwn!)).toBeUndefined();
    expect(quick.received).toHaveLength(1);
    expect((await theirs.get(other.id)).succeededAt).not.toBeNull();
    for (const answer of hung) answer();
    expect(await Promise.all(sending)).toEqual([undefined, undefined, undefined, undefined]);
    receiver.reply = answering(204);
    expect(await world.send(next, { attempt: 2 })).toBeUndefined();
    expect(receiver.received).toHaveLength(5);
    await quick.close();
  });

  it('of a location hears of what is below it, and of nothing beside it', async () => {
    const region = await startReceiver();
    await world.endpoint(region.url, all.agency.location('east'));
    expect(await world.happens(all.agency.location('back-bay'))).toHaveLength(2);
    expect(await world.happens(all.agency.location('master'))).toHaveLength(1);
    await region.close();
  });

  it('hears of nothing that happens to a neighbour, whose deliveries no other agency can send', async () => {
    expect(await theirs.happens().catch(() => [])).toEqual([]);
    const other = await startReceiver();
    await theirs.endpoint(other.url);
    const [id] = await theirs.happens();
    expect(await world.happens()).toHaveLength(1);
    expect(await world.send(id!)).toMatchObject({ type: 'DeliveryUnknown', nonRetryable: true });
    expect([receiver.received, other.received]).toEqual([[], []]);
    await other.close();
  });
});

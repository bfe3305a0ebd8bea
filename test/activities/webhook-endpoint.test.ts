import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deleteEndpoint } from '../../db/webhook-endpoint-acts.ts';
import { RETRY_DELAYS_MS } from '../../domain/webhook-attempt.ts';
import { answering, type Receiver, startReceiver } from '../outbound/receiver.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { createWebhookWorld, type WebhookWorld } from './webhook-world.ts';

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
  await receiver.close();
  for (const table of ['notice_subscriptions', 'webhook_endpoints', 'dead_letters'] as const)
    await all.bench.database.ownerDb.deleteFrom(table).execute();
});

describe('an endpoint', () => {
  it('that is deleted while its last attempt is under way leaves no letter, which nobody could settle', async () => {
    const id = (await world.happens())[0]!;
    const { ownerDb } = all.bench.database;
    const attempts = RETRY_DELAYS_MS.length;
    await ownerDb.updateTable('notice_deliveries').set({ attempts }).where('id', '=', id).execute();
    receiver.reply = (request, response) =>
      void world
        .inScope((tx) => deleteEndpoint(tx, world.act(), endpoint.id))
        .then(() => answering(500)(request, response));
    expect(await world.send(id)).toBeUndefined();
    expect(await world.delivery(id)).toMatchObject({ state: 'suppressed', attempts: attempts + 1 });
    expect(await world.letters(endpoint.id)).toEqual([]);
  });

  it('that hangs with all others of its agency leaves places to other agencies', async () => {
    const hung: (() => void)[] = [];
    receiver.reply = (_request, response) => void hung.push(() => response.writeHead(204).end());
    for (let others = 0; others < 4; others += 1) await world.endpoint(receiver.url);
    const ids = (await Promise.all([world.happens(), world.happens(), world.happens(), world.happens()])).flat();
    expect(ids).toHaveLength(20);
    const sending = ids.map((id) => world.send(id));
    await expect.poll(() => hung.length).toBe(16);
    const quick = await startReceiver();
    await theirs.endpoint(quick.url);
    const [theirOwn] = await theirs.happens();
    expect(await theirs.send(theirOwn!)).toBeUndefined();
    for (const answer of hung) answer();
    const ends = await Promise.all(sending);
    expect(ends.filter((end) => end === undefined)).toHaveLength(16);
    expect(ends.flatMap((end) => end?.type ?? [])).toEqual(Array.from({ length: 4 }, () => 'AgencyBusy'));
    await quick.close();
  });
});

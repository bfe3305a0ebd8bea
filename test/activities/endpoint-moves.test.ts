import { afterAll, beforeAll, beforeEach, afterEach, expect, it } from 'vitest';
import { changeEndpoint } from '../../db/webhook-endpoint-acts.ts';
import { muteSubscription } from '../../db/notice-subscriptions.ts';
import { answering, type Receiver, startReceiver } from '../outbound/receiver.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { createWebhookWorld, type WebhookWorld } from './webhook-world.ts';

const FIVE_DAYS_MS = 5 * 86_400_000;

let all: Neighbours;
let world: WebhookWorld;
let before: Receiver;
let after: Receiver;
let id: string;
beforeAll(async () => {
  all = await startNeighbours();
  world = createWebhookWorld(all.bench, all.agency);
});
afterAll(() => all.bench.stop());
beforeEach(async () => {
  [before, after] = [await startReceiver(), await startReceiver()];
  ({ id } = await world.endpoint(`${before.url}/hook`));
});
afterEach(async () => {
  all.bench.clock.at = undefined;
  await Promise.all([before.close(), after.close()]);
  for (const table of ['notice_subscriptions', 'webhook_endpoints'] as const)
    await all.bench.database.ownerDb.deleteFrom(table).execute();
});

const move = () => world.inScope((tx) => changeEndpoint(tx, world.act(), { id, url: `${after.url}/hook` }));
const one = async (): Promise<string> => (await world.happens())[0]!;

it('sends what waits to where the endpoint is now, and holds no failure before against it', async () => {
  before.reply = answering(500);
  const delivery = await one();
  await world.send(delivery);
  expect(await move()).toBe('changed');
  all.bench.clock.at = new Date(Date.now() + FIVE_DAYS_MS);
  after.reply = answering(500);
  await world.send(delivery, { attempt: 2 });
  expect(await world.get(id)).toMatchObject({ state: 'enabled', failingSince: all.bench.clock.at });
  after.reply = answering(204);
  expect(await world.send(delivery, { attempt: 3 })).toBeUndefined();
  expect(after.received.map(({ headers }) => headers['webhook-id'])).toEqual([delivery, delivery]);
  expect(before.received).toHaveLength(1);
});

it('is not disabled by what the place before answers when the endpoint has moved', async () => {
  const hung: (() => void)[] = [];
  before.reply = (_request, response) => void hung.push(() => response.writeHead(410).end());
  const delivery = await one();
  const sending = world.send(delivery);
  await expect.poll(() => hung.length).toBe(1);
  await move();
  hung[0]!();
  expect(await sending).toMatchObject({ type: 'EndpointMoved', nonRetryable: false });
  expect(await world.get(id)).toMatchObject({ state: 'enabled', failingSince: null });
  expect(await world.send(delivery, { attempt: 2 })).toBeUndefined();
  expect(after.received.map(({ headers }) => headers['webhook-id'])).toEqual([delivery]);
});

it('sends nothing of what happens while its subscription is muted', async () => {
  const [subscription] = (await world.get(id)).subscriptions;
  const mute = (at: Date | null) => world.inScope((tx) => muteSubscription(tx, subscription!.id, at));
  expect(await mute(new Date())).toBe(true);
  expect(await world.happens()).toEqual([]);
  expect(await mute(null)).toBe(true);
  expect(await world.send(await one())).toBeUndefined();
  expect(before.received).toHaveLength(1);
});

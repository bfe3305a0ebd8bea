import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RETRY_DELAYS_MS } from '../../domain/webhook-attempt.ts';
import { answering, type Receiver, startReceiver } from '../outbound/receiver.ts';
import { run } from '../stack/activity-bench.ts';
import { type NoticeWorld, startNoticeWorld } from './notice-world.ts';
import { createWebhookWorld, type WebhookWorld } from './webhook-world.ts';

const DAY_MS = 86_400_000;
const TOPICS = ['lead.assigned', 'dead-letter.left'];

let world: NoticeWorld;
let webhooks: WebhookWorld;
const receivers: Receiver[] = [];
beforeAll(async () => {
  world = await startNoticeWorld();
  webhooks = createWebhookWorld(world.bench, world.agency);
});
afterAll(() => world.stop());
afterEach(async () => {
  await world.clear();
  await world.ownerDb.deleteFrom('webhook_endpoints').execute();
  for (const receiver of receivers.splice(0)) await receiver.close();
});

/** An endpoint that hears of leads and of dead letters, and answers so. */
async function endpoint(status: number): Promise<string> {
  const receiver = await startReceiver();
  receivers.push(receiver);
  receiver.reply = answering(status);
  return (await webhooks.endpoint(`${receiver.url}/hook`, null, TOPICS)).id;
}
/** What a lead has the endpoint be sent. */
async function leadFor(endpointId: string): Promise<string> {
  const planned = await webhooks.happens();
  const deliveries = await Promise.all(
    planned.map((id) =>
      world.ownerDb.selectFrom('notice_deliveries').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    ),
  );
  return deliveries.find(({ recipient }) => recipient === `endpoint:${endpointId}`)!.id;
}
/** The letters that somebody is told of, with the endpoint that each is about. */
const told = async () => {
  const notices = world.ownerDb.selectFrom('notices').select(['id', 'data']).where('topic', '=', 'dead-letter.left');
  const rows = await notices.orderBy('id').execute();
  return rows.map(({ id, data }) => ({ id, ...(data as { cause: string; subjectId: string }) }));
};
/** Who hears of a notice, by kind and id. */
async function plan(noticeId: string): Promise<{ recipient: string; id: string }[]> {
  await run(world.bench.notices.planNotice, { agencyId: world.agencyId, noticeId });
  const deliveries = world.ownerDb.selectFrom('notice_deliveries').select(['id', 'recipient']);
  return deliveries.where('notice_id', '=', noticeId).orderBy('recipient').execute();
}
/** All attempts that a delivery has. */
async function sendInVain(deliveryId: string): Promise<void> {
  for (let attempt = 1; attempt <= RETRY_DELAYS_MS.length + 1; attempt += 1)
    await webhooks.send(deliveryId, { attempt });
}

describe('the letter of an endpoint', () => {
  it.each([
    ['wants no more', 410, 'gone', 0],
    ['has failed for five days', 500, 'failing', 5 * DAY_MS],
  ])(
    'that %s reaches operators by e-mail and others by webhook, and never the endpoint itself',
    async (_what, status, cause, afterMs) => {
      const { subscription } = await world.hear();
      const [broken, sound] = [await endpoint(status), await endpoint(204)];
      const delivery = await leadFor(broken);
      await webhooks.send(delivery);
      if (afterMs > 0) {
        expect(await told()).toEqual([]);
        world.bench.clock.at = new Date(Date.now() + afterMs);
        await webhooks.send(delivery, { attempt: 2 });
      }
      expect(await webhooks.get(broken)).toMatchObject({ state: 'disabled', disabledReason: cause });
      const notices = await told();
      expect(notices).toMatchObject([{ cause: `webhook-endpoint:${cause}`, subjectId: broken }]);

      const hearing = await plan(notices[0]!.id);
      expect(hearing.map(({ recipient }) => recipient)).toEqual([
        `endpoint:${sound}`,
        `subscription:${subscription.id}`,
      ]);
      await world.send(hearing[1]!.id);
      expect(world.mail.mails).toHaveLength(1);
      expect(world.mail.mails[0]!.text).toContain(`webhook-endpoint:${cause}`);
    },
  );

  it('is told once while it is open, and two endpoints that take nothing keep no loop going', async () => {
    const [one, other] = [await endpoint(500), await endpoint(500)];
    await sendInVain(await leadFor(one));
    await sendInVain(await leadFor(one));
    const [first, ...more] = await told();
    expect([first!.subjectId, more]).toEqual([one, []]);

    const [toOther, ...others] = await plan(first!.id);
    expect([toOther!.recipient, others]).toEqual([`endpoint:${other}`, []]);
    await sendInVain(toOther!.id);
    const [, second, ...none] = await told();
    expect([second!.subjectId, none]).toEqual([other, []]);

    const [toOne] = await plan(second!.id);
    expect(toOne!.recipient).toBe(`endpoint:${one}`);
    await sendInVain(toOne!.id);
    expect(await told()).toHaveLength(2);
  });
});

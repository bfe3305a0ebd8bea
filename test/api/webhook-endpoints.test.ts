import { v7 as uuidv7 } from 'uuid';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NOTICE_TOPICS } from '../../domain/notice.ts';
import { waitFor } from '../stack/wait.ts';
import { type ApiWorld, createApiWorld } from './api-world.ts';

const URL = 'https://hooks.example.com/in?token=of-theirs';
/** The time, as the API has it. */
let at: Date | undefined;

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld({ now: () => at ?? new Date() });
});
afterAll(() => world.close());
afterEach(async () => {
  at = undefined;
  for (const table of ['notice_subscriptions', 'webhook_endpoints'] as const)
    await world.ownerDb.deleteFrom(table).execute();
});

const call = (method: 'get' | 'post' | 'delete', path = '', key = world.agency.keys.agency) =>
  world.http[method](`/v1/webhook-endpoints${path}`).set('authorization', `Bearer ${key}`);
const create = (body: object = {}, key?: string) => call('post', '', key).send({ url: URL, ...body });
const made = async (body: object = {}, key?: string) =>
  (await create(body, key)).body as { id: string; secret: string };
const row = (id: string) =>
  world.ownerDb.selectFrom('webhook_endpoints').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

describe('POST /v1/webhook-endpoints', () => {
  it('adds one, and shows its secret once', async () => {
    const answer = await create({ description: 'CRM', topics: ['lead.assigned', 'lead.closed', 'lead.assigned'] });
    expect(answer.status).toBe(201);
    const { id, secret } = answer.body as { id: string; secret: string };
    expect(answer.body).toMatchObject({
      url: URL,
      description: 'CRM',
      state: 'enabled',
      subscriptions: [{ locationId: null, topics: ['lead.assigned', 'lead.closed'] }],
    });
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect([answer.headers['cache-control'], answer.headers['location']]).toEqual([
      'no-store',
      `/v1/webhook-endpoints/${id}`,
    ]);
    const shown = [(await call('get', `/${id}`)).body, (await call('get')).body] as object[];
    const audited = await world.ownerDb
      .selectFrom('audit_log')
      .selectAll()
      .where('action', 'like', 'webhook%')
      .execute();
    const text = JSON.stringify([shown, audited, (await row(id)).secret.toString('latin1'), world.logLines]);
    expect(text).not.toContain(secret.slice(6));
    expect(audited).toMatchObject([{ action: 'webhook-endpoint.create', after: { host: 'hooks.example.com' } }]);
    expect(JSON.stringify([audited, world.logLines])).not.toContain('of-theirs');
  });

  it('has it hear of everything unless topics are named, of a location where one is', async () => {
    const { id } = await made({ locationId: world.agency.branch.id });
    const [subscription] = ((await call('get', `/${id}`)).body as { subscriptions: object[] }).subscriptions;
    expect(subscription).toMatchObject({ locationId: world.agency.branch.id, topics: [...NOTICE_TOPICS].sort() });
  });

  it.each([
    [{ url: 'http://hooks.example.com/' }, 'url-not-https'],
    [{ url: 'https://127.0.0.1/' }, 'url-host-not-public'],
    [{ url: 'https://[::ffff:10.0.0.1]/' }, 'url-host-not-public'],
    [{ url: 'https://0x7f000001/' }, 'url-host-not-public'],
    [{ url: 'https://localhost/' }, 'url-host-not-public'],
    [{ url: 'https://user:word@hooks.example.com/' }, 'url-has-credentials'],
    [{ url: 'https://hooks.example.com:22/' }, 'url-port-refused'],
    [{ url: 'hooks' }, 'url-no-url'],
    [{ topics: [] }, 'invalid-body'],
    [{ topics: ['lead.eaten'] }, 'invalid-body'],
    [{ topics: ['notice.test'] }, 'invalid-body'],
    [{ description: 'two\nlines' }, 'invalid-body'],
    [{ secret: 'whsec_of-my-own' }, 'invalid-body'],
    [{ locationId: uuidv7() }, 'unknown-location'],
  ])('refuses %j', async (body, code) => {
    const answer = await create(body);
    expect([answer.status, (answer.body as { code: string }).code]).toEqual([422, code]);
    expect((await call('get')).body).toEqual({ webhookEndpoints: [] });
  });

  it('refuses the location of a neighbour, and keys that are not an agency’s', async () => {
    expect((await create({ locationId: world.neighbour.branch.id })).body).toMatchObject({ code: 'unknown-location' });
    expect((await create({}, world.agency.keys.branch)).body).toMatchObject({ status: 403, code: 'agency-key-needed' });
    expect((await create({}, world.agency.keys.webhook)).status).toBe(401);
    expect((await world.http.post('/v1/webhook-endpoints').send({ url: URL })).status).toBe(401);
  });

  it('lets an agency have twenty, also when all are asked for at once', async () => {
    const answers = await Promise.all(Array.from({ length: 22 }, () => create()));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array<number>(20).fill(201), 409, 409]);
    expect((await create({}, world.neighbour.keys.agency)).status).toBe(201);
    const [first] = answers;
    expect((await call('delete', `/${(first!.body as { id: string }).id}`)).status).toBe(204);
    expect((await create()).status).toBe(201);
  });
});

describe('an endpoint', () => {
  it('is unknown to a neighbour, whatever is asked', async () => {
    const { id } = await made();
    const theirs = world.neighbour.keys.agency;
    const rest = ['/rotate-secret', '/enable', '/disable', '/test'];
    const answers = [
      await call('get', `/${id}`, theirs),
      await call('delete', `/${id}`, theirs),
      await call('get', `/${id}/deliveries`, theirs),
      await call('post', `/${id}/deliveries/redeliver`, theirs).send({ deliveryIds: [uuidv7()] }),
    ];
    for (const each of rest) answers.push(await call('post', `/${id}${each}`, theirs));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(404));
    expect((await call('get', '', theirs)).body).toEqual({ webhookEndpoints: [] });
    expect((await call('get', `/${id}`)).body).toMatchObject({ state: 'enabled', previousSecretUntil: null });
    expect((await call('get', '/no-id')).status).toBe(404);
  });

  it('gets another secret, and the one before stays for its hours', async () => {
    const { id, secret } = await made();
    const twoHoursLater = Date.now() + 7_200_000;
    const rotated = await call('post', `/${id}/rotate-secret`).send({ overlapHours: 2 });
    const { secret: next, previousSecretUntil } = rotated.body as { secret: string; previousSecretUntil: string };
    expect(next).toMatch(/^whsec_/);
    expect(next).not.toBe(secret);
    expect(Date.parse(previousSecretUntil)).toBeGreaterThanOrEqual(twoHoursLater);
    expect(Date.parse(previousSecretUntil)).toBeLessThan(twoHoursLater + 600_000);
    expect((await row(id)).previous_secret).not.toBeNull();
    const atOnce = await call('post', `/${id}/rotate-secret`).send({ overlapHours: 0 });
    expect(atOnce.body).toMatchObject({ previousSecretUntil: null });
    expect((await row(id)).previous_secret).toBeNull();
    expect((await call('post', `/${id}/rotate-secret`).send({ overlapHours: 200 })).status).toBe(422);
    const usual = await call('post', `/${id}/rotate-secret`).send({});
    const until = Date.parse((usual.body as { previousSecretUntil: string }).previousSecretUntil);
    expect(Math.abs(until - Date.now() - 86_400_000)).toBeLessThan(60_000);
  });

  it('is disabled and enabled, each once, and says so in the audit log', async () => {
    const { id } = await made();
    for (const act of ['disable', 'disable', 'enable', 'enable']) {
      const answer = await call('post', `/${id}/${act}`);
      expect(answer.body).toMatchObject({ state: `${act}d`, disabledReason: act === 'disable' ? 'operator' : null });
    }
    const subject = `webhook-endpoint:${id}`;
    const acts = world.ownerDb.selectFrom('audit_log').select('action').where('subject', '=', subject);
    expect((await acts.orderBy('sequence').execute()).map(({ action }) => action)).toEqual([
      'webhook-endpoint.create',
      'webhook-endpoint.disable',
      'webhook-endpoint.enable',
    ]);
  });

  it('is tested by a notice that goes the way of all, but not while it is disabled', async () => {
    const { id } = await made();
    const tested = await call('post', `/${id}/test`);
    expect(tested.status).toBe(202);
    await waitFor('Temporal to have it', () =>
      world.client.handovers.some(({ method }) => method === 'startNotification'),
    );
    const notices = await world.ownerDb.selectFrom('notices').selectAll().where('topic', '=', 'notice.test').execute();
    expect(notices.map((each) => each.id)).toEqual([(tested.body as { noticeId: string }).noticeId]);
    await call('post', `/${id}/disable`);
    expect((await call('post', `/${id}/test`)).body).toMatchObject({ status: 409, code: 'endpoint-disabled' });
  });

  it('shows its deliveries by pages, and sends chosen ones again that have ended', async () => {
    const { id } = await made();
    const { agencyId } = world.agency;
    const noticeIds = [uuidv7(), uuidv7(), uuidv7()];
    const ids = [uuidv7(), uuidv7(), uuidv7()];
    const topic = 'lead.assigned';
    for (const [index, noticeId] of noticeIds.entries()) {
      const notice = { id: noticeId, agency_id: agencyId, topic, occurrence_key: noticeId, occurred_at: new Date() };
      await world.ownerDb
        .insertInto('notices')
        .values({ ...notice, data: '{}' })
        .execute();
      const end = index === 0 ? { state: 'pending' as const } : { state: 'refused' as const, ended_at: new Date() };
      const of = { id: ids[index]!, agency_id: agencyId, notice_id: noticeId, topic, channel: 'webhook' as const };
      await world.ownerDb
        .insertInto('notice_deliveries')
        .values({ ...of, recipient: `endpoint:${id}`, attempts: 3, ...end })
        .execute();
    }
    const page = (await call('get', `/${id}/deliveries?limit=2`)).body as { deliveries: object[]; nextCursor: string };
    expect(page.deliveries).toMatchObject([{ id: ids[2] }, { id: ids[1] }]);
    const rest = await call('get', `/${id}/deliveries?limit=2&cursor=${page.nextCursor}`);
    expect(rest.body).toMatchObject({ deliveries: [{ id: ids[0], state: 'pending' }], nextCursor: null });
    expect((await call('get', `/${id}/deliveries?state=eaten`)).status).toBe(400);

    world.client.handovers.length = 0;
    const deliveryIds = [ids[0], ids[1], uuidv7()];
    const again = await call('post', `/${id}/deliveries/redeliver`).send({ deliveryIds });
    expect([again.status, again.body]).toEqual([202, { deliveryIds: [ids[1]] }]);
    await waitFor('Temporal to have it', () => world.client.handovers.length === 1);
    const { deliveries } = (await call('get', `/${id}/deliveries`)).body as { deliveries: object[] };
    expect(deliveries).toMatchObject([{ state: 'refused' }, { state: 'pending', attempts: 0 }, { state: 'pending' }]);
    await call('post', `/${id}/disable`);
    const refused = await call('post', `/${id}/deliveries/redeliver`).send({ deliveryIds: [ids[2]] });
    expect(refused.body).toMatchObject({ status: 409, code: 'endpoint-disabled' });
  });

  it('is deleted with all by which it heard, and what waited for it is not sent', async () => {
    const { id } = await made({ topics: ['location.silent'] });
    const { id: other } = await made({ topics: ['lead.closed'] });
    const heard = async () => {
      const rows = world.ownerDb
        .selectFrom('heard_topics')
        .select('topic')
        .where('agency_id', '=', world.agency.agencyId);
      return (await rows.orderBy('topic').execute()).map(({ topic }) => topic);
    };
    expect(await heard()).toEqual(expect.arrayContaining(['lead.closed', 'location.silent']));
    expect((await call('delete', `/${id}`)).status).toBe(204);
    expect((await call('delete', `/${id}`)).status).toBe(404);
    expect(await heard()).toEqual(['lead.closed']);
    expect((await call('get')).body).toMatchObject({ webhookEndpoints: [{ id: other }] });
  });
});

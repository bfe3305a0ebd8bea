import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, createApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const call = (method: 'get' | 'post', path: string, key = world.agency.keys.agency) =>
  world.http[method](path).set('authorization', `Bearer ${key}`);
async function subscribed(key?: string): Promise<string> {
  const wish = { channel: 'email', to: `desk-${uuidv7()}@front-office.example`, topics: ['lead.assigned'] };
  const answer = await call('post', '/v1/notice-subscriptions', key).send(wish);
  return (answer.body as { id: string }).id;
}
const mute = (id: string, wish: 'mute' | 'unmute' = 'mute', key?: string) =>
  call('post', `/v1/notice-subscriptions/${id}/${wish}`, key);
const muteRep = (id: string, wish: 'mute' | 'unmute' = 'mute', key?: string) =>
  call('post', `/v1/reps/${id}/${wish}-notices`, key);
const shown = async (id: string) => {
  const { subscriptions } = (await call('get', '/v1/notice-subscriptions')).body as { subscriptions: { id: string }[] };
  return subscriptions.find((each) => each.id === id);
};
const actsOn = async (subject: string) => {
  const acts = world.ownerDb.selectFrom('audit_log').select('action').where('subject', '=', subject);
  return (await acts.orderBy('sequence').execute()).map(({ action }) => action);
};

describe('POST /v1/notice-subscriptions/:id/mute', () => {
  it('mutes one until it is unmuted, and is audited', async () => {
    const id = await subscribed();
    expect(await shown(id)).toMatchObject({ isMuted: false });
    const answer = await mute(id);
    expect([answer.status, answer.body]).toMatchObject([200, { id, isMuted: true, topics: ['lead.assigned'] }]);
    expect(await shown(id)).toMatchObject({ isMuted: true });
    expect((await mute(id, 'unmute')).body).toMatchObject({ id, isMuted: false });
    expect(await shown(id)).toMatchObject({ isMuted: false });
    expect(await actsOn(`notice-subscription:${id}`)).toEqual(['notice.subscribe', 'notice.mute', 'notice.unmute']);
  });

  it('knows none of a neighbour, and a location’s key none of another place', async () => {
    const [id, ofBranch] = [await subscribed(), await subscribed(world.agency.keys.branch)];
    for (const key of [world.neighbour.keys.agency, world.agency.keys.branch])
      expect((await mute(id, 'mute', key)).body).toMatchObject({ status: 404, code: 'no-such-subscription' });
    expect(await shown(id)).toMatchObject({ isMuted: false });
    expect((await mute(ofBranch, 'mute', world.agency.keys.branch)).status).toBe(200);
    expect((await mute('no-id')).status).toBe(404);
    expect((await world.http.post(`/v1/notice-subscriptions/${id}/mute`)).status).toBe(401);
  });
});

describe('POST /v1/reps/:id/mute-notices', () => {
  it('mutes a rep of what the key may see, and of no neighbour', async () => {
    const { id } = world.agency.rep;
    const isMuted = async () =>
      (await world.ownerDb.selectFrom('reps').selectAll().where('id', '=', id).executeTakeFirstOrThrow())
        .notices_muted_at !== null;
    for (const key of [world.neighbour.keys.agency, world.agency.keys.master])
      expect((await muteRep(id, 'mute', key)).body).toMatchObject({ status: 404, code: 'no-such-rep' });
    expect(await isMuted()).toBe(false);
    expect((await muteRep(id, 'mute', world.agency.keys.branch)).body).toEqual({ repId: id, isMuted: true });
    expect(await isMuted()).toBe(true);
    expect((await muteRep(id, 'unmute')).body).toEqual({ repId: id, isMuted: false });
    expect(await isMuted()).toBe(false);
    expect(await actsOn(`rep:${id}`)).toEqual(['notice.mute', 'notice.unmute']);
  });
});

describe('GET /v1/notice-deliveries', () => {
  it('shows by pages what became of notices, of one of them or of a lead, without addresses', async () => {
    const { agencyId, branch, master } = world.agency;
    const [leadId, ids] = [uuidv7(), [uuidv7(), uuidv7(), uuidv7()]];
    const noticeIds = [uuidv7(), uuidv7()];
    const topic = 'lead.assigned';
    for (const [index, id] of noticeIds.entries())
      await world.ownerDb
        .insertInto('notices')
        .values({
          id,
          agency_id: agencyId,
          location_id: [branch.id, master.id][index]!,
          lead_id: index === 0 ? leadId : null,
          topic,
          occurrence_key: id,
          occurred_at: new Date(),
          data: '{}',
        })
        .execute();
    for (const [index, id] of ids.entries()) {
      const at = index < 2 ? 0 : 1;
      const end = index === 0 ? { state: 'pending' as const } : { state: 'sent' as const, ended_at: new Date() };
      const of = {
        id,
        agency_id: agencyId,
        location_id: [branch.id, master.id][at]!,
        notice_id: noticeIds[at]!,
        topic,
      };
      await world.ownerDb
        .insertInto('notice_deliveries')
        .values({ ...of, channel: 'email', recipient: `rep:${index}`, address: Buffer.from('sealed'), ...end })
        .execute();
    }
    const list = async (query: string, key?: string) =>
      (await call('get', `/v1/notice-deliveries${query}`, key)).body as {
        deliveries: { id: string }[];
        nextCursor: string | null;
      };
    const first = await list('?limit=2');
    expect(first.deliveries.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
    const second = await list(`?limit=2&cursor=${first.nextCursor}`);
    expect(second).toMatchObject({ deliveries: [{ id: ids[0], state: 'pending', leadId }], nextCursor: null });
    expect(JSON.stringify([first, second])).not.toMatch(/address|sealed/);
    const idsOf = async (query: string, key?: string) => (await list(query, key)).deliveries.map(({ id }) => id);
    expect(await idsOf(`?noticeId=${noticeIds[1]}`)).toEqual([ids[2]]);
    expect(await idsOf(`?leadId=${leadId}&state=sent`)).toEqual([ids[1]]);
    expect(await idsOf('', world.agency.keys.branch)).toEqual([ids[1], ids[0]]);
    expect(await idsOf(`?noticeId=${noticeIds[0]}`, world.neighbour.keys.agency)).toEqual([]);
    expect((await call('get', '/v1/notice-deliveries?state=eaten')).status).toBe(400);
  });
});

import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiWorld, createApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
  const { agencyId } = world.agency;
  await world.ownerDb
    .insertInto('installs')
    .values({
      id: uuidv7(),
      agency_id: agencyId,
      kind: 'oauth',
      user_type: 'Company',
      status: 'active',
      access_token: Buffer.from('x'),
    })
    .execute();
});
afterAll(() => world.close());
beforeEach(() => {
  world.client.isAway = false;
  world.client.handovers = [];
});

const branch = () => world.agency.branch.id;
const get = (id: string, key = world.agency.keys.agency, query = '') =>
  world.http.get(`/v1/locations/${id}/sync${query}`).set('authorization', `Bearer ${key}`);
const reconcile = (id: string, body: object = {}, key = world.agency.keys.agency) =>
  world.http.post(`/v1/locations/${id}/reconcile`).set('authorization', `Bearer ${key}`).send(body);
const asked = () =>
  world.ownerDb
    .selectFrom('poll_passes')
    .select(['location_id', 'resource', 'asked_repairs'])
    .where('asked_at', 'is not', null)
    .execute();

describe('POST /v1/locations/:id/reconcile', () => {
  it('asks for a look at everything and starts it', async () => {
    await reconcile(branch(), { repair: true }).expect(202);
    const passes = await asked();
    expect(passes.length).toBeGreaterThan(5);
    expect(passes.every((pass) => pass.location_id === branch() && pass.asked_repairs === true)).toBe(true);
    expect(world.client.handovers).toEqual([{ method: 'startPollSync', locationId: branch() }]);
    const acts = await world.ownerDb.selectFrom('audit_log').select(['action', 'subject']).execute();
    expect(acts).toContainEqual({ action: 'location.reconcile', subject: `location:${branch()}` });
  });

  it('takes it although Temporal is away: the schedule finds it', async () => {
    await world.ownerDb.deleteFrom('poll_passes').execute();
    world.client.isAway = true;
    await reconcile(branch()).expect(202);
    expect((await asked()).every((pass) => pass.asked_repairs === false)).toBe(true);
  });

  it('takes a location’s own key for that location alone, and knows no location of another agency', async () => {
    await reconcile(branch(), {}, world.agency.keys.branch).expect(202);
    await reconcile(world.agency.master.id, {}, world.agency.keys.branch).expect(404);
    await reconcile(world.neighbour.branch.id).expect(404);
    await reconcile('elsewhere').expect(404);
    await reconcile(branch(), { repair: 'yes' }).expect(422);
  });

  it('is refused where GHL cannot be asked', async () => {
    await reconcile(world.neighbour.branch.id, {}, world.neighbour.keys.agency).expect(409);
  });
});

describe('GET /v1/locations/:id/sync', () => {
  it('tells passes, drift with its history, and gaps', async () => {
    const of = { agency_id: world.agency.agencyId, location_id: branch(), resource: 'contact' };
    const at = (minutes: number) => new Date(Date.now() - minutes * 60_000);
    const figures = { here: 9, there: 10, missing_here: 1, missing_there: 0, different: 0, repairs: true };
    for (const [minutes, remaining] of [
      [90, 1],
      [60, 0],
    ] as const) {
      const times = { started_at: at(minutes), finished_at: at(minutes) };
      await world.ownerDb
        .insertInto('drift_reports')
        .values({ ...of, ...times, ...figures, id: uuidv7(), remaining })
        .execute();
    }
    const gap = { ...of, kind: 'created' as const, changed_at: at(100) };
    await world.ownerDb
      .insertInto('webhook_gaps')
      .values([
        { ...gap, ghl_id: 'old', ghl_contact_id: 'old', found_at: at(60) },
        { ...gap, ghl_id: 'told', ghl_contact_id: 'told', found_at: at(60), told_at: at(1) },
        { ...gap, ghl_id: 'fresh', ghl_contact_id: 'fresh', found_at: at(1) },
      ])
      .execute();
    const answer = await get(branch()).expect(200);
    expect(answer.body).toMatchObject({
      locationId: branch(),
      openGaps: 1,
      drift: [{ resource: 'contact', remaining: 0 }],
    });
    const told = answer.body as { gaps: { ghlId: string }[]; history: { remaining: number }[]; passes: unknown[] };
    expect(told.gaps.map((each) => each.ghlId).sort()).toEqual(['old', 'told']);
    expect(told.history.map((each) => each.remaining)).toEqual([0, 1]);
    expect(told.passes.length).toBeGreaterThan(5);
    expect((await get(branch(), undefined, '?gaps=1&history=0')).body).toMatchObject({ gaps: [{}], history: [] });
    await get(branch(), undefined, '?gaps=many').expect(400);
    await get(branch(), world.neighbour.keys.agency).expect(404);
  });

  it('counts on the page of metrics what of all tenants is open', async () => {
    await sql`update poll_passes set due_at = now() - interval '2 hours' where resource = 'user'`.execute(
      world.ownerDb,
    );
    const { text } = await world.http.get('/metrics').expect(200);
    expect(text).toContain('switchyard_polls_overdue 1');
    expect(text).toContain('switchyard_webhook_gaps 1');
    expect(text).toContain('switchyard_mirror_drift_records{resource="contact"} 0');
  });

  it('counts passes that keep failing by their cause, until they work again', async () => {
    const fail = (resource: string, failures: number, cause: string | null) =>
      world.ownerDb
        .updateTable('poll_passes')
        .set({ failures, last_error: cause })
        .where('resource', '=', resource as 'user')
        .where('location_id', '=', branch())
        .execute();
    await fail('user', 3, 'GhlForbidden');
    await fail('pipeline', 2, 'GhlInvalid');
    const figures = async () => {
      const { text } = await world.http.get('/metrics').expect(200);
      return text.split('\n').filter((line) => line.startsWith('switchyard_polls_failing'));
    };
    expect(await figures()).toEqual(['switchyard_polls_failing{cause="GhlForbidden"} 1']);
    await fail('user', 0, null);
    expect(await figures()).toEqual([]);
  });
});

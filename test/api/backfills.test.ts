import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { waitToPass } from '../stack/wait.ts';
import { type ApiWorld, createApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  world.client.isAway = false;
  world.client.handovers = [];
});

const AGENCY = (): string => world.agency.keys.agency;
const ask = (method: 'get' | 'post', path: string, key = AGENCY()) =>
  world.http[method](path).set('authorization', `Bearer ${key}`);
const start = (body: object, key?: string) => ask('post', '/v1/backfills', key).send(body);

const started = () =>
  world.client.handovers.flatMap(({ method, runId }) => (method === 'startBackfillRun' ? [runId] : []));
const inbox = () => world.ownerDb.selectFrom('event_capabilities').select('sequence').orderBy('sequence').execute();

describe('POST /v1/backfills', () => {
  it('stores a run over all that the key may see, and starts it', async () => {
    const answer = await start({ resources: ['contact', 'opportunity'], from: '2025-01-01' });
    expect(answer.status).toBe(202);
    const { id, locations } = answer.body as { id: string; locations: number };
    expect(answer.headers['location']).toBe(`/v1/backfills/${id}`);
    await waitToPass(() => expect(started()).toEqual([id]));
    const parts = await world.ownerDb.selectFrom('backfill_parts').selectAll().where('run_id', '=', id).execute();
    expect(parts).toHaveLength(2 * locations);
    expect(new Set(parts.map(({ agency_id }) => agency_id))).toEqual(new Set([world.agency.agencyId]));
    const shown = await ask('get', `/v1/backfills/${id}`);
    expect(shown.body).toMatchObject({
      id,
      state: 'running',
      from: '2025-01-01T00:00:00.000Z',
      progress: { parts: { total: 2 * locations, ended: 0 }, listed: 0 },
      report: null,
    });
    expect((shown.body as { parts: unknown[] }).parts).toHaveLength(2 * locations);
  });

  it('covers a location’s own account for its key, whatever is asked', async () => {
    const key = world.agency.keys.branch;
    const answer = await start({}, key);
    expect(answer.body).toMatchObject({ locations: 1 });
    expect((await start({ locationId: world.neighbour.master.id }, key)).status).toBe(404);
    const listed = (await ask('get', '/v1/backfills', key)).body as { backfills: { id: string }[] };
    expect(listed.backfills.map(({ id }) => id)).toEqual([(answer.body as { id: string }).id]);
  });

  it('is the same run for the same Idempotency-Key', async () => {
    const once = async () =>
      (await start({ resources: ['contact'] }).set('idempotency-key', 'again')).body as { id: string };
    const first = await once();
    const second = await once();
    expect(second.id).toBe(first.id);
    const rows = await world.ownerDb.selectFrom('backfill_runs').select('id').where('id', '=', first.id).execute();
    expect(rows).toHaveLength(1);
  });

  it.each([
    [{ resources: ['invoice'] }, 422],
    [{ resources: [] }, 422],
    [{ from: '2025-02-01', to: '2025-01-01' }, 422],
    [{ from: 'yesterday' }, 422],
    [{ names: 'guessed' }, 422],
    [{ locationId: randomUUID() }, 404],
  ])('refuses %j with %i', async (body, status) => {
    const before = await inbox();
    expect((await start(body)).status).toBe(status);
    expect(await inbox()).toEqual(before);
  });

  it('takes a run while Temporal is away, which starts when it is back, once, and cancels one that has not begun', async () => {
    world.client.isAway = true;
    const keyed = () => start({ resources: ['contact'] }).set('idempotency-key', 'away');
    const answers = [await keyed(), await keyed(), await start({ resources: ['contact'] })];
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    const [first, again, other] = answers.map(({ body }) => (body as { id: string }).id) as [string, string, string];
    expect([again === first, other === first]).toEqual([true, false]);
    expect((await ask('post', `/v1/backfills/${other}/cancel`)).status).toBe(202);
    expect((await ask('get', `/v1/backfills/${other}`)).body).toMatchObject({ state: 'cancelled' });
    expect(world.client.handovers).toEqual([]);
    world.client.isAway = false;
    await waitToPass(() => expect(started()).toContain(first));
    const parts = await world.ownerDb
      .selectFrom('backfill_parts')
      .select('state')
      .where('run_id', '=', first)
      .execute();
    expect(new Set(parts.map(({ state }) => state))).toEqual(new Set(['waiting']));
    const runs = await world.ownerDb.selectFrom('backfill_runs').select('id').where('id', '=', first).execute();
    expect(runs).toHaveLength(1);
  });

  it('refuses an Idempotency-Key that came with another request', async () => {
    const keyed = (body: object) => start(body).set('idempotency-key', 'other');
    expect((await keyed({ resources: ['contact', 'opportunity'], from: '2025-01-01' })).status).toBe(202);
    expect((await keyed({ resources: ['opportunity', 'contact'], from: '2025-01-01' })).status).toBe(202);
    for (const body of [{ resources: ['contact'], from: '2025-01-01' }, { resources: ['contact', 'opportunity'] }]) {
      expect(await keyed(body)).toMatchObject({ status: 422, body: { code: 'idempotency-key-reused' } });
    }
  });

  it('answers 409 when none of the locations is connected', async () => {
    const [unconnected] = await world.ownerDb
      .updateTable('locations')
      .set({ installed_at: null })
      .where('id', '=', world.neighbour.master.id)
      .returning('id')
      .execute();
    await world.ownerDb
      .updateTable('locations')
      .set({ installed_at: null })
      .where('agency_id', '=', world.neighbour.agencyId)
      .execute();
    const answer = await start({ locationId: unconnected!.id }, world.neighbour.keys.agency);
    expect(answer).toMatchObject({ status: 409, body: { code: 'no-location-connected' } });
  });
});

describe('a run', () => {
  const wish = (id: string, name: string, key?: string) => ask('post', `/v1/backfills/${id}/${name}`, key);

  it('is paused, resumed and cancelled, each noted by whom, and then no more', async () => {
    const { id } = (await start({ resources: ['contact'] })).body as { id: string };
    for (const [name, wanted, state] of [
      ['pause', 'pause', 'paused'],
      ['resume', 'run', 'running'],
    ] as const) {
      expect((await wish(id, name)).body).toEqual({ id, wanted });
      expect((await ask('get', `/v1/backfills/${id}`)).body).toMatchObject({ state });
    }
    expect((await wish(id, 'cancel')).status).toBe(202);
    // Nothing of it had begun, so that nothing is left to wait for.
    expect((await ask('get', `/v1/backfills/${id}`)).body).toMatchObject({ state: 'cancelled' });
    expect(await wish(id, 'resume')).toMatchObject({ status: 409, body: { code: 'backfill-over' } });
    const wishes = world.client.handovers.filter(({ method }) => method === 'wishBackfill');
    expect(wishes.map(({ kind }) => kind)).toEqual(['pause', 'run', 'cancel']);
    const acts = await world.ownerDb
      .selectFrom('audit_log')
      .select(['action', 'actor'])
      .where('subject', '=', `backfill:${id}`)
      .orderBy('sequence')
      .execute();
    expect(acts.map(({ action }) => action)).toEqual([
      'backfill.start',
      'backfill.pause',
      'backfill.resume',
      'backfill.cancel',
    ]);
    expect(acts.every(({ actor }) => actor.startsWith('api-key:'))).toBe(true);
  });

  it('is as unknown to another tenant as one that never was', async () => {
    const { id } = (await start({ resources: ['contact'] })).body as { id: string };
    const theirs = world.neighbour.keys.agency;
    for (const unknown of [id, randomUUID(), 'x']) {
      expect((await ask('get', `/v1/backfills/${unknown}`, theirs)).status).toBe(404);
      for (const name of ['pause', 'resume', 'cancel']) expect((await wish(unknown, name, theirs)).status).toBe(404);
    }
    // A run over several locations is no single location's.
    expect((await wish(id, 'cancel', world.agency.keys.branch)).status).toBe(404);
    expect((await ask('get', `/v1/backfills/${id}`)).body).toMatchObject({ state: 'running' });
  });

  it('wants a key', async () => {
    expect((await world.http.get('/v1/backfills')).status).toBe(401);
    expect((await world.http.post('/v1/backfills').send({})).status).toBe(401);
  });
});

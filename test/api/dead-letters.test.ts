import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiWorld, createApiWorld } from './api-world.ts';
import { createLetterHarness, type LetterHarness } from './letter-harness.ts';

let world: ApiWorld;
let letter: LetterHarness['letter'];
let get: LetterHarness['get'];
let post: LetterHarness['post'];
beforeAll(async () => {
  world = await createApiWorld();
  ({ letter, get, post } = createLetterHarness(world));
});
afterAll(() => world.close());
beforeEach(() => world.ownerDb.deleteFrom('dead_letters').execute());

describe('GET /v1/dead-letters', () => {
  it('shows an agency all of its own, a location its own, and nobody another’s', async () => {
    const near = await letter();
    const far = await letter({ locationId: world.agency.master.id });
    await letter({}, world.neighbour);
    const ids = async (key: string): Promise<string[]> =>
      ((await get('', key)).body as { deadLetters: { id: string }[] }).deadLetters.map(({ id }) => id);
    expect(await ids(world.agency.keys.agency)).toEqual([far, near]);
    expect(await ids(world.agency.keys.branch)).toEqual([near]);
    expect((await get('', world.agency.keys.webhook)).status).toBe(401);
  });

  it('gives a page at a time, by filter', async () => {
    const ids = [await letter(), await letter(), await letter()];
    await letter({ cause: 'unroutable:X' });
    const first = (await get('?limit=2&cause=step:')).body as { nextCursor: string; deadLetters: { id: string }[] };
    expect(first.deadLetters.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
    const second = await get(`?limit=2&cause=step:&cursor=${first.nextCursor}`);
    expect(second.body).toMatchObject({ deadLetters: [{ id: ids[0] }], nextCursor: null });
    expect((await get('?capability=leads')).body).toMatchObject({ status: 400, code: 'invalid-query' });
    for (const path of ['?cause=%00', '/groups?subjectId=a%00b'])
      expect((await get(path)).body).toMatchObject({ status: 400, code: 'nul-character' });
  });

  it('counts by capability and cause', async () => {
    await letter();
    await letter();
    await letter({}, world.neighbour);
    expect((await get('/groups')).body).toMatchObject({ groups: [{ cause: 'step:reassign:X', letters: 2 }] });
  });
});

describe('GET /v1/dead-letters/:id', () => {
  it('tells what can be done, and to an agency what was done', async () => {
    const id = await letter();
    const shown = await get(`/${id}`);
    expect(shown.body).toMatchObject({ id, state: 'open', redrive: { possible: false, code: 'ask-again' }, acts: [] });
    await post(`/${id}/discard`, { reason: 'done by hand' });
    const discarded = (await get(`/${id}`)).body as object;
    expect(discarded).toMatchObject({ state: 'discarded', discardReason: 'done by hand' });
    expect(discarded).toMatchObject({ acts: [{ action: 'dead-letter.discard' }] });
    expect((await get(`/${id}`, world.agency.keys.branch)).body).not.toHaveProperty('acts');
  });

  it('knows none of a neighbour’s, and nothing that is no id', async () => {
    const id = await letter({}, world.neighbour);
    for (const path of [`/${id}`, `/${uuidv7()}`, '/not-an-id'])
      expect((await get(path)).body).toMatchObject({ status: 404, code: 'no-such-dead-letter' });
  });
});

describe('POST /v1/dead-letters/:id/discard', () => {
  it('wants a reason, and leaves a neighbour’s alone', async () => {
    const id = await letter();
    expect((await post(`/${id}/discard`, {})).body).toMatchObject({ status: 422, code: 'invalid-body' });
    expect((await post(`/${id}/discard`, { reason: ' ' })).status).toBe(422);
    expect((await post(`/${id}/discard`, { reason: 'x'.repeat(501) })).status).toBe(422);
    const theirs = await letter({}, world.neighbour);
    expect((await post(`/${theirs}/discard`, { reason: 'a test' })).status).toBe(404);
    const elsewhere = await letter({ locationId: world.agency.master.id });
    expect((await post(`/${elsewhere}/discard`, { reason: 'a test' }, world.agency.keys.branch)).status).toBe(404);
    const open = await world.ownerDb.selectFrom('dead_letters').select('id').where('resolved_at', 'is', null).execute();
    expect(open).toHaveLength(3);
  });

  it('does it once, and refuses what is resolved', async () => {
    const id = await letter();
    expect((await post(`/${id}/discard`, { reason: 'a test' })).body).toEqual({ id, outcome: 'discarded' });
    expect((await post(`/${id}/discard`, { reason: 'later' })).body).toEqual({ id, outcome: 'already-discarded' });
    const other = await letter();
    await world.ownerDb
      .updateTable('dead_letters')
      .set({ resolved_at: new Date(), resolution: 'redriven' })
      .where('id', '=', other)
      .execute();
    expect((await post(`/${other}/discard`, { reason: 'a test' })).body).toMatchObject({
      status: 409,
      code: 'not-open',
    });
  });
});

describe('GET /metrics', () => {
  it('counts what is open of all agencies by capability', async () => {
    await letter();
    await letter({}, world.neighbour);
    const page = (await world.http.get('/metrics')).text;
    expect(page).toContain('switchyard_dead_letters{capability="lead-intake"} 2');
    expect(page).toContain('switchyard_dead_letters{capability="backfill"} 0');
  });
});

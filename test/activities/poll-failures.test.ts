import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { measurePolling } from '../../db/poll-turns.ts';
import { askForSweeps } from '../../db/poll-passes.ts';
import { withScope, withSystemRole } from '../../db/scope.ts';
import type { PassKind, PolledResource } from '../../domain/poll-rules.ts';
import { run } from '../stack/activity-bench.ts';
import { failureOf } from './failure.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { takePicture } from './picture.ts';
import { createPollWorld, type PollWorld } from './poll-world.ts';

let all: Neighbours;
let world: PollWorld;
beforeAll(async () => {
  all = await startNeighbours();
  world = createPollWorld(all.bench, all.agency, 'chelsea');
});
afterAll(() => all.bench.stop());

const letters = async (resource: PolledResource, kind: PassKind) =>
  (await all.agency.letters()).filter(({ subject_id }) => subject_id === `${world.locationId}:${resource}:${kind}`);

/** Tries a pass as its workflow does until it has failed so many times in a row; GHL has to refuse it meanwhile. */
async function failUntil(resource: PolledResource, kind: PassKind, failures: number): Promise<void> {
  await world.plan();
  while ((await world.pass(resource, kind)).failures < failures) {
    await world.makeDue(resource, kind);
    const { type } = await failureOf(world.page(resource, kind));
    await run(all.bench.polls.postponePass, { ...world.argsOf(resource, kind), cause: type ?? 'Unknown' });
  }
}

const measure = () =>
  withSystemRole(all.bench.database.db, 'upkeep', (tx) =>
    measurePolling(tx, { lateMs: 3_600_000, graceMs: 0, failures: 3 }),
  );

const forbid = (path: string) =>
  all.bench.simulator.addFault({
    status: 403,
    message: 'The token does not have access to this location.',
    locationId: world.ghlLocationId,
    path,
  });

describe('a pass that GHL keeps refusing', () => {
  beforeEach(() => all.bench.simulator.clearFaults());

  it('is put before an operator when it is plain that time does not heal it, once, while the tries go on', async () => {
    const beside = await takePicture(all.bench, all.neighbour);
    await forbid('^/opportunities/search');
    await failUntil('opportunity', 'sweep', 2);
    expect(await letters('opportunity', 'sweep')).toEqual([]);
    expect((await measure()).failing).toEqual({});
    await failUntil('opportunity', 'sweep', 4);
    const found = await letters('opportunity', 'sweep');
    expect(found).toMatchObject([
      {
        capability: 'poll-sync',
        cause: 'poll:GhlForbidden',
        location_id: world.locationId,
        workflow_id: `poll-sync/${world.locationId}`,
        resolved_at: null,
      },
    ]);
    expect(found[0]!.advice).toContain('read the opportunities of this location');
    expect((await measure()).failing).toEqual({ GhlForbidden: 1 });
    const { due_at, failures } = await world.pass('opportunity', 'sweep');
    expect(failures).toBe(4);
    expect(due_at.getTime()).toBeGreaterThan(Date.now());
    expect(await takePicture(all.bench, all.neighbour)).toEqual(beside);
  });

  it('leaves the letters of other passes alone when one works again, and settles its own', async () => {
    await forbid('^/users');
    await failUntil('user', 'sweep', 3);
    await all.bench.simulator.clearFaults();
    await world.round('opportunity', 'sweep');
    const [healed] = await letters('opportunity', 'sweep');
    expect(healed).toMatchObject({ resolution: 'works-again' });
    expect(healed!.resolved_at).not.toBeNull();
    expect(await letters('user', 'sweep')).toMatchObject([{ resolved_at: null }]);
    expect((await measure()).failing).toEqual({ GhlForbidden: 1 });
    await world.round('user', 'sweep');
    expect((await measure()).failing).toEqual({});
    expect(await letters('user', 'sweep')).toMatchObject([{ resolution: 'works-again' }]);
  });

  it('is put before an operator again when it breaks again', async () => {
    await forbid('^/users');
    await failUntil('user', 'sweep', 3);
    const states = (await letters('user', 'sweep')).map(({ resolution }) => resolution);
    expect(states.sort()).toEqual([null, 'works-again'].sort());
    await all.bench.simulator.clearFaults();
    await world.round('user', 'sweep');
  });

  it('is known by what ended it', async () => {
    await all.bench.simulator.addFault({ status: 422, locationId: world.ghlLocationId, path: '/customFields' });
    await failUntil('custom-field', 'sweep', 3);
    expect(await letters('custom-field', 'sweep')).toMatchObject([{ cause: 'poll:GhlInvalid' }]);
  });

  it('goes on where it stood when it is tried again', async () => {
    await world.seedContacts(101);
    await world.makeDue('contact', 'sweep');
    await world.page('contact', 'sweep');
    await forbid('^/contacts/search');
    await failUntil('contact', 'sweep', 3);
    expect(await letters('contact', 'sweep')).toHaveLength(1);
    await all.bench.simulator.clearFaults();
    await all.bench.simulator.resetCalls();
    await world.page('contact', 'sweep');
    expect(await world.calls(/POST \/contacts\/search/)).toBe(1);
    expect((await world.pass('contact', 'sweep')).cursor).toMatchObject({ phase: 'confirm' });
    expect(await letters('contact', 'sweep')).toMatchObject([{ resolution: 'works-again' }]);
  });

  it('is tried at once when an operator asks for a look at everything', async () => {
    await forbid('^/contacts/search');
    await failUntil('contact', 'delta', 3);
    const inScope = { agencyId: world.agencyId };
    await withScope(all.bench.database.db, inScope, (tx) =>
      askForSweeps(tx, world.locationId, { repairs: true, now: new Date() }),
    );
    expect(await world.plan()).toContainEqual({ resource: 'contact', kind: 'delta' });
  });
});

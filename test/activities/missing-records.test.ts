import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { requestMerge } from '../../db/contact-merges.ts';
import { run } from '../stack/activity-bench.ts';
import { type ContactWorld, startContactWorld } from './contact-world.ts';
import { failureOf } from './failure.ts';

let world: ContactWorld;
beforeAll(async () => {
  world = await startContactWorld();
});
afterAll(() => world.bench.stop());
afterEach(() => world.bench.simulator.clearFaults());

const read = (ghlId: string) => {
  const { agencyId, locationId } = world;
  return run(world.bench.contactsGhl.readChanges, { agencyId, locationId, changes: [{ resource: 'contact', ghlId }] });
};

describe('a 404 that does not come from GHL', () => {
  it.each(['html', 'nothing'] as const)('with %s deletes no contact', async (gateway) => {
    const { id, ghl_id: ghlId } = await world.known({ firstName: 'Kay' });
    await world.bench.simulator.addFault({ status: 404, gateway, path: `/contacts/${ghlId}` });
    expect(await failureOf(read(ghlId!))).toMatchObject({ type: 'GhlUnavailable', nonRetryable: false });
    await world.change(id, { city: 'Boston' });
    expect(await failureOf(world.push(id))).toMatchObject({ type: 'GhlUnavailable', nonRetryable: false });
    expect(await world.get(id)).toMatchObject({ deleted_at: null });
    expect(await world.fates(id)).toEqual(['city pending']);
  });
});

describe('a path that GHL does not know', () => {
  it('is no contact that is gone: a merge copies nothing to nowhere and goes to an operator', async () => {
    const survivor = await world.known({ firstName: 'Kay', email: 'kept@x.test' });
    const loser = await world.known({ firstName: 'Kay', phone: '+12125554001', city: 'Salem' });
    const ids = { survivorId: survivor.id, loserId: loser.id, acceptsLoss: false };
    const act = { actor: 'cli:tester', origin: 'cli' as const, now: new Date() };
    const answer = await world.asAgency((tx) => requestMerge(tx, ids, act));
    if ('refused' in answer) throw new Error(answer.refused);
    const args = { agencyId: world.agencyId, mergeId: answer.mergeId };
    const message = 'Cannot GET /contacts';
    await world.bench.simulator.addFault({ status: 404, message, method: 'GET', path: `/contacts/${loser.ghl_id}` });
    for (const step of [world.bench.mergesGhl.judgeContactMerge, world.bench.mergesGhl.absorbContact]) {
      expect(await failureOf(run<typeof args, unknown>(step, args))).toMatchObject({ type: 'GhlNotFound' });
    }
    expect(await world.get(loser.id)).toMatchObject({ id: loser.id, deleted_at: null });
  });
});

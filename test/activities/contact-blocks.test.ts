import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setConflictPolicy } from '../../db/conflict-policies.ts';
import { requestMerge } from '../../db/contact-merges.ts';
import type { ConflictPolicy } from '../../domain/contact-conflict.ts';
import { run } from '../stack/activity-bench.ts';
import { type ContactWorld, startContactWorld } from './contact-world.ts';
import { expectToRepeat } from './picture.ts';

let world: ContactWorld;
beforeAll(async () => {
  world = await startContactWorld();
});
afterAll(() => world.bench.stop());

const policy = (chosen: ConflictPolicy | null) =>
  world.asAgency((tx) => setConflictPolicy(tx, { ...world, field: '*' }, chosen));

describe('a change of a contact', () => {
  it.each(['merge', 'replace'] as const)(
    'closes single channels whatever the policy says, where GHL takes a body to %s the others',
    async (dndWrites) => {
      const { simulator } = world.bench;
      await simulator.setBehaviour({ dndWrites });
      const [sms, email] = [{ status: 'permanent' as const, code: '30004' }, { status: 'active' as const }];
      const contact = await world.known({ firstName: 'Ann', dndSettings: { SMS: sms, Email: email } });
      const ghlId = contact.ghl_id!;
      await policy('ghl-wins');
      expect(await world.change(contact.id, { 'dnd:SMS': true, 'dnd:Call': true }, 'api-key:1')).toEqual(['dnd:Call']);
      await simulator.updateContact(ghlId, { state: 'MA' });
      await expectToRepeat(world.bench, world, world.bench.editsGhl.writeContactEdits, await world.args(contact.id));
      await policy(null);
      await simulator.setBehaviour({ dndWrites: 'merge' });
      expect(await world.fates(contact.id)).toEqual(['dnd:Call synced written']);
      const closed = { SMS: sms, Email: email, Call: { status: 'active' } };
      expect((await world.shown(ghlId))?.dndSettings).toEqual(closed);
      expect(await world.change(contact.id, { 'dnd:Call': true })).toEqual([]);

      // Its event starts nothing of ours; the person's own word lifts it, and is GHL's.
      await world.read(ghlId);
      expect((await world.get(contact.id)).lineage).toMatchObject({
        'dnd:Call': { origin: 'api', actor: 'api-key:1' },
      });
      await simulator.updateContact(ghlId, { dndSettings: { Call: { status: 'inactive' } } });
      const { lineage } = await world.read(ghlId);
      expect(lineage).toMatchObject({ 'dnd:Call': { origin: 'ghl' } });
      expect(await world.unsettled(contact.id)).toEqual([]);
    },
  );
});

describe('a merge', () => {
  it('keeps the blocks that the survivor has beside those that follow, where GHL takes a body to replace the others', async () => {
    const [sms, email] = [{ status: 'permanent' as const, code: '30004' }, { status: 'active' as const }];
    const survivor = await world.known({ firstName: 'Kay', dndSettings: { Email: email } });
    const loser = await world.known({ firstName: 'Kay', dndSettings: { SMS: sms } });
    await world.bench.simulator.setBehaviour({ dndWrites: 'replace' });
    const of = { survivorId: survivor.id, loserId: loser.id, acceptsLoss: false };
    const act = { actor: 'cli:tester', origin: 'cli' as const, now: new Date() };
    const asked = await world.asAgency((tx) => requestMerge(tx, of, act));
    if ('refused' in asked) throw new Error(asked.refused);
    await run(world.bench.mergesGhl.absorbContact, { agencyId: world.agencyId, mergeId: asked.mergeId });
    await world.bench.simulator.setBehaviour({ dndWrites: 'merge' });
    expect((await world.shown(survivor.ghl_id!))?.dndSettings).toEqual({ Email: email, SMS: sms });
  });
});

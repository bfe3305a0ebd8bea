import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setConflictPolicy } from '../../db/conflict-policies.ts';
import type { ConflictPolicy } from '../../domain/contact-conflict.ts';
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

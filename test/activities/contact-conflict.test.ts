import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { setConflictPolicy } from '../../db/conflict-policies.ts';
import { resolveConflict } from '../../db/contact-conflicts.ts';
import type { ConflictPolicy } from '../../domain/contact-conflict.ts';
import { type ContactWorld, startContactWorld } from './contact-world.ts';

let world: ContactWorld;
beforeAll(async () => {
  world = await startContactWorld();
});
afterAll(() => world.bench.stop());
beforeEach(async () => {
  await world.bench.simulator.clearFaults();
  await world.bench.simulator.resetCalls();
});

let people = 0;
const somebody = () => {
  people += 1;
  return { firstName: 'Ann', lastName: `No${people}`, email: `ann-${people}@x.test`, tags: ['old', 'kept'] };
};
const policy = (field: string, chosen: ConflictPolicy | null) =>
  world.asAgency((tx) =>
    setConflictPolicy(tx, { agencyId: world.agencyId, locationId: world.locationId, field }, chosen),
  );

describe('a field that changed here and in GHL', () => {
  /** GHL's change comes after ours, and nobody has read it. */
  async function conflict(chosen: ConflictPolicy, order: 'ours-last' | 'theirs-last' = 'theirs-last') {
    await policy('city', chosen);
    const contact = await world.known({ ...somebody(), city: 'Old' });
    const theirs = () => world.bench.simulator.updateContact(contact.ghl_id!, { city: 'Theirs' });
    if (order === 'ours-last') await theirs();
    await world.change(contact.id, { city: 'Ours' });
    if (order === 'theirs-last') await theirs();
    await world.push(contact.id);
    await policy('city', null);
    return contact;
  }

  it.each<[ConflictPolicy, 'ours-last' | 'theirs-last', string, string]>([
    ['ghl-wins', 'ours-last', 'Theirs', 'city overruled ghl-wins'],
    ['ours-wins', 'theirs-last', 'Ours', 'city synced written'],
    ['newest-wins', 'theirs-last', 'Theirs', 'city overruled ghl-newer'],
    ['newest-wins', 'ours-last', 'Ours', 'city synced written'],
  ])('is decided by %s when it was %s: %s', async (chosen, order, city, fate) => {
    const contact = await conflict(chosen, order);
    expect(await world.shown(contact.ghl_id!)).toMatchObject({ city });
    expect((await world.get(contact.id)).fields).toMatchObject({ city });
    expect(await world.fates(contact.id)).toEqual([fate]);
  });

  it('is newer by when that field changed, and not by when anything else did', async () => {
    const contact = await world.known({ ...somebody(), city: 'Old' });
    await world.bench.simulator.updateContact(contact.ghl_id!, { city: 'Theirs' });
    await world.change(contact.id, { city: 'Ours' });
    await world.read(contact.ghl_id!);
    await world.bench.simulator.updateContact(contact.ghl_id!, { city: 'Theirs', state: 'MA' });
    await world.push(contact.id);
    expect(await world.shown(contact.ghl_id!)).toMatchObject({ city: 'Ours', state: 'MA' });
    expect(await world.fates(contact.id)).toEqual(['city synced written']);
  });

  it('is asked about where that is the policy, and ends by the operator’s word, audited', async () => {
    const [first, second] = [await conflict('ask'), await conflict('ask')];
    expect(await world.shown(first.ghl_id!)).toMatchObject({ city: 'Theirs' });
    const [held] = await world.unsettled(first.id);
    expect(held).toMatchObject({ state: 'held', reason: 'ask', theirs: 'Theirs' });
    const [other] = await world.unsettled(second.id);
    const act = { actor: 'cli:tester', origin: 'cli' as const, now: new Date() };
    const resolve = (id: string, keep: 'ours' | 'ghl') =>
      world.asAgency((tx) => resolveConflict(tx, id, { keep }, act));
    expect(await resolve(held!.id, 'ours')).toBe('resolved');
    expect(await resolve(held!.id, 'ghl')).toBe('not-held');
    expect(await resolve(other!.id, 'ghl')).toBe('resolved');
    await world.push(first.id);
    await world.push(second.id);
    expect(await world.shown(first.ghl_id!)).toMatchObject({ city: 'Ours' });
    expect(await world.shown(second.ghl_id!)).toMatchObject({ city: 'Theirs' });
    const audited = await world.bench.database.ownerDb
      .selectFrom('audit_log')
      .select(['actor', 'after'])
      .where('action', '=', 'contact-conflict.resolve')
      .execute();
    expect(audited).toMatchObject([{ after: { keep: 'ours', field: 'city' } }, { after: { keep: 'ghl' } }]);
  });

  it('that moves once more after the operator’s word is asked about again', async () => {
    const contact = await conflict('ask');
    const [held] = await world.unsettled(contact.id);
    const act = { actor: 'cli:tester', origin: 'cli' as const, now: new Date() };
    await world.asAgency((tx) => resolveConflict(tx, held!.id, { keep: 'ours' }, act));
    await world.bench.simulator.updateContact(contact.ghl_id!, { city: 'Moved' });
    await policy('city', 'ask');
    await world.push(contact.id);
    await policy('city', null);
    expect(await world.unsettled(contact.id)).toMatchObject([{ state: 'held', theirs: 'Moved' }]);
  });

  it('between our read and our write keeps what others changed elsewhere', async () => {
    const contact = await world.known(somebody());
    await world.change(contact.id, { city: 'Boston' });
    await world.bench.simulator.addFault({ latencyMs: 700, times: 1, method: 'PUT' });
    const pushing = world.push(contact.id);
    await expect.poll(async () => (await world.bench.simulator.listFaults()).length).toBe(0);
    await world.bench.simulator.updateContact(contact.ghl_id!, { state: 'MA' });
    await pushing;
    expect(await world.shown(contact.ghl_id!)).toMatchObject({ city: 'Boston', state: 'MA' });
    expect((await world.get(contact.id)).fields).toMatchObject({ city: 'Boston', state: 'MA' });
  });
});

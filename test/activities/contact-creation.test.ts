import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { redriveContact } from '../../db/contact-changes.ts';
import { resolveConflict, type Resolution } from '../../db/contact-conflicts.ts';
import { lockContact } from '../../db/contacts.ts';
import { waitFor } from '../stack/wait.ts';
import { type ContactWorld, startContactWorld } from './contact-world.ts';
import { failureOf } from './failure.ts';
import { expectToRepeat } from './picture.ts';

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
  return {
    firstName: 'Eve',
    lastName: `New${people}`,
    email: `eve-${people}@x.test`,
    phone: `+1212555${String(1000 + people)}`,
  };
};
const withEmail = async (email: string) =>
  (await world.bench.simulator.listContacts(world.ghlLocationId)).filter((each) => each.email === email);
const resolve = async (contactId: string, resolution: Resolution) => {
  const [held] = await world.unsettled(contactId);
  const act = { actor: 'cli:tester', origin: 'cli' as const, now: new Date() };
  return world.asAgency((tx) => resolveConflict(tx, held!.id, resolution, act));
};

describe('a contact made here', () => {
  it('is looked for, made once with its fields, and its tags follow by their own call', async () => {
    const person = somebody();
    const made = await world.make({ ...person, companyName: 'Acme', 'tag:vip': true, 'dnd:Email': true });
    await expectToRepeat(world.bench, world, world.bench.editsGhl.writeContactEdits, await world.args(made.id));
    const contact = await world.get(made.id);
    expect(await world.inbox()).toContain(`contact-sync/${world.locationId}/${contact.ghl_id}`);
    await world.push(made.id);
    const [there, ...more] = await withEmail(person.email);
    expect(more).toEqual([]);
    expect(there).toMatchObject({ ...person, id: contact.ghl_id, companyName: 'Acme', tags: ['vip'] });
    expect(there?.dndSettings).toEqual({ Email: { status: 'active' } });
    expect(there?.source).toBe('Switchyard');
    expect(await world.unsettled(made.id)).toEqual([]);
    expect((await world.get(made.id)).lineage).toMatchObject({ email: { origin: 'api', actor: 'tester' } });
  });

  it.each([
    ['lost', { cutAfterCommit: true, times: 1 }],
    ['a 500 after the work was done', { failAfterCommit: true, times: 1 }],
  ])('whose answer is %s is found before it would be made again', async (_, fault) => {
    const person = somebody();
    const made = await world.make(person);
    await world.bench.simulator.addFault({ ...fault, method: 'POST', path: '/contacts/$' });
    expect(await failureOf(world.push(made.id))).toMatchObject({ type: 'GhlUnavailable' });
    await world.push(made.id, 2);
    await world.push(made.id, 3);
    expect(await withEmail(person.email)).toHaveLength(1);
    expect(await world.unsettled(made.id)).toEqual([]);
  });

  it('that GHL answers by 422 and makes all the same is that contact', async () => {
    const person = somebody();
    const made = await world.make(person);
    await world.bench.simulator.addFault({ createdBut422: true, times: 1, method: 'POST', path: '/contacts/$' });
    await world.push(made.id);
    expect((await withEmail(person.email)).map(({ id }) => id)).toEqual([(await world.get(made.id)).ghl_id]);
  });

  describe('in a location that finds no duplicates', () => {
    const setDedupe = (settings: { allowDuplicateContact: boolean; dedupe: ('email' | 'phone')[] }) =>
      world.bench.simulator.changeLocation(world.ghlLocationId, { settings });
    const cutCreation = () =>
      world.bench.simulator.addFault({ cutAfterCommit: true, times: 1, method: 'POST', path: '/contacts/$' });
    const later = () => new Date(Date.now() + 60_000);
    beforeEach(async () => {
      await setDedupe({ allowDuplicateContact: true, dedupe: [] });
      await world.bench.simulator.setBehaviour({ searchLagMs: 0 });
    });
    afterEach(async () => {
      world.bench.clock.at = undefined;
      await setDedupe({ allowDuplicateContact: false, dedupe: ['email', 'phone'] });
      await world.bench.simulator.setBehaviour({ searchLagMs: 0, phoneFilter: 'finds' });
    });

    it('is found by e-mail, once the search must know of the call whose answer was lost, and not made before', async () => {
      await world.bench.simulator.setBehaviour({ searchLagMs: 60_000 });
      const person = somebody();
      const made = await world.make(person);
      await cutCreation();
      expect(await failureOf(world.push(made.id))).toMatchObject({ type: 'GhlUnavailable' });
      const unsure = await failureOf(world.push(made.id, 2));
      expect(unsure).toMatchObject({ type: 'CreationUnsettled', nonRetryable: false });
      expect(unsure.nextRetryDelay).toBeGreaterThan(0);
      await world.bench.simulator.setBehaviour({ searchLagMs: 0 });
      await world.bench.simulator.advanceClock(60_000);
      await world.push(made.id, 3);
      expect(await withEmail(person.email)).toHaveLength(1);
      expect((await world.get(made.id)).ghl_id).not.toBeNull();
    });

    it.each(['finds', 'misses'] as const)('is found by phone alone, where the filter on it %s', async (phoneFilter) => {
      await world.bench.simulator.setBehaviour({ phoneFilter });
      const { phone } = somebody();
      const made = await world.make({ firstName: 'Eve', phone });
      await cutCreation();
      expect(await failureOf(world.push(made.id))).toMatchObject({ type: 'GhlUnavailable' });
      await world.push(made.id, 2);
      const there = await world.bench.simulator.listContacts(world.ghlLocationId);
      const ofPhone = there.filter((each) => each.phone === phone);
      expect(ofPhone.map(({ id }) => id)).toEqual([(await world.get(made.id)).ghl_id]);
    });

    it('is found by the worker that takes over from one that died in the call, and after a redrive', async () => {
      const person = somebody();
      const made = await world.make(person);
      await world.bench.simulator.addFault({ hangAfterCommit: true, times: 1, method: 'POST', path: '/contacts/$' });
      // Its process hears no answer and notes nothing more.
      const died = failureOf(world.push(made.id));
      await waitFor('GHL to have made it', async () => (await withEmail(person.email)).length === 1);
      await world.asAgency(async (tx) => redriveContact(tx, (await lockContact(tx, made.id))!, new Date()));
      expect((await world.unsettled(made.id)).map(({ attempts }) => attempts)).not.toContain(1);
      await world.push(made.id, 2);
      expect(await withEmail(person.email)).toHaveLength(1);
      await died;
    });

    it('is made once GHL has had time to show that it was not', async () => {
      const person = somebody();
      const made = await world.make(person);
      await world.bench.simulator.addFault({ cut: true, times: 1, method: 'POST', path: '/contacts/$' });
      expect(await failureOf(world.push(made.id))).toMatchObject({ type: 'GhlUnavailable' });
      expect(await failureOf(world.push(made.id, 2))).toMatchObject({ type: 'CreationUnsettled' });
      expect(await withEmail(person.email)).toEqual([]);
      world.bench.clock.at = later();
      await world.push(made.id, 3);
      expect(await withEmail(person.email)).toHaveLength(1);
    });

    it('that was certainly not made is made at the next try without a wait', async () => {
      const person = somebody();
      const made = await world.make(person);
      await world.bench.simulator.addFault({ status: 429, times: 1, method: 'POST', path: '/contacts/$' });
      expect(await failureOf(world.push(made.id))).toMatchObject({ type: 'GhlRateLimited' });
      // The refusal closes the budget for ten seconds.
      await world.bench.database.ownerDb.deleteFrom('ghl_budgets').execute();
      await world.push(made.id, 2);
      expect(await withEmail(person.email)).toHaveLength(1);
    });
  });

  it('that GHL refuses is a dead letter, and is made once it has been changed', async () => {
    const person = somebody();
    const made = await world.make(person);
    await world.bench.simulator.addFault({ status: 422, times: 1, method: 'POST', path: '/contacts/$' });
    await world.push(made.id);
    const states = (await world.unsettled(made.id)).map(({ state, reason }) => `${state} ${reason}`);
    expect(new Set(states)).toEqual(new Set(['failed GhlInvalid']));
    await world.change(made.id, { firstName: 'Eva' });
    // GHL has been seen to refuse and to make it all the same: until its search can tell, it is not made again.
    expect(await failureOf(world.push(made.id))).toMatchObject({ type: 'CreationUnsettled' });
    world.bench.clock.at = new Date(Date.now() + 60_000);
    await world.push(made.id);
    await world.push(made.id);
    world.bench.clock.at = undefined;
    expect(await withEmail(person.email)).toMatchObject([{ firstName: 'Eva', phone: person.phone }]);
    const letters = (await world.agency.letters()).filter((each) => each.subject_id === made.id);
    expect(letters).toMatchObject([{ cause: 'edit:GhlInvalid', resolution: 'edited' }]);
  });
});

describe('a contact made here that GHL has already', () => {
  it('by e-mail becomes that one, whose phone stays and whose tags are kept', async () => {
    const person = somebody();
    const before = await world.inGhl({ ...person, phone: '+12125550999', tags: ['theirs'] });
    const made = await world.make({ ...person, 'tag:ours': true, city: 'Boston' });
    await world.push(made.id);
    await world.push(made.id);
    expect(await world.shown(before.id)).toMatchObject({
      phone: '+12125550999',
      city: 'Boston',
      tags: ['theirs', 'ours'],
    });
    expect(await withEmail(person.email)).toHaveLength(1);
    expect(await world.fates(made.id)).toContain('phone overruled identifier-kept');
  });

  it('becomes the one that the mirror learnt of meanwhile, and its id leads there', async () => {
    const person = somebody();
    const made = await world.make({ ...person, city: 'Boston' });
    const known = await world.known(person);
    await world.push(made.id);
    expect((await world.get(made.id)).id).toBe(known.id);
    await world.push(known.id);
    expect(await world.shown(known.ghl_id!)).toMatchObject({ city: 'Boston' });
    expect(await withEmail(person.email)).toHaveLength(1);
  });

  it('by phone alone with another e-mail is asked about: no main e-mail is replaced', async () => {
    const person = somebody();
    const other = await world.inGhl({ ...person, email: `other-${person.email}` });
    const made = await world.make(person);
    await world.push(made.id);
    const held = await world.unsettled(made.id);
    expect(held[0]).toMatchObject({ state: 'held', reason: 'email-differs', theirs: [other.id] });
    expect(await world.shown(other.id)).toEqual(other);
    expect(await resolve(made.id, { keep: 'ours' })).toBe('does-not-fit');
    expect(await resolve(made.id, { ghlContactId: 'somebody-else' })).toBe('does-not-fit');
    expect(await resolve(made.id, { ghlContactId: other.id })).toBe('resolved');
    await world.push(made.id);
    expect(await world.shown(other.id)).toMatchObject({ email: other.email, lastName: person.lastName });
    expect(await world.unsettled(made.id)).toEqual([]);
  });

  it('as two contacts is asked about, and is nobody when the operator says so', async () => {
    const person = somebody();
    const byEmail = await world.inGhl({ firstName: 'Eve', email: person.email });
    const byPhone = await world.inGhl({ firstName: 'Eve', phone: person.phone });
    const made = await world.make(person);
    await world.push(made.id);
    const [held] = await world.unsettled(made.id);
    expect(held).toMatchObject({ reason: 'two-contacts', theirs: [byEmail.id, byPhone.id] });
    expect(await resolve(made.id, { discard: true })).toBe('resolved');
    expect(await world.shown(byEmail.id)).toEqual(byEmail);
    expect(await world.shown(byPhone.id)).toEqual(byPhone);
    expect(await world.get(made.id)).toMatchObject({ ghl_id: null });
    expect((await world.get(made.id)).deleted_at).not.toBeNull();
  });

  it('of the same phone but another name is asked about', async () => {
    const { phone } = somebody();
    await world.inGhl({ firstName: 'Maria', lastName: 'Stone', phone });
    const made = await world.make({ firstName: 'Quentin', lastName: 'West', phone });
    await world.push(made.id);
    expect((await world.unsettled(made.id))[0]).toMatchObject({ state: 'held', reason: 'phone-of-another' });
  });

  it('made twice at the same moment under two ids is one in GHL', async () => {
    const person = somebody();
    const [one, two] = [await world.make(person), await world.make(person)];
    await Promise.all([world.push(one.id), world.push(two.id)]);
    await world.push(one.id);
    await world.push(two.id);
    expect(await withEmail(person.email)).toHaveLength(1);
    expect((await world.get(one.id)).id).toBe((await world.get(two.id)).id);
  });
});

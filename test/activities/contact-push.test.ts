import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { setConflictPolicy } from '../../db/conflict-policies.ts';
import { redriveContact } from '../../db/contact-changes.ts';
import { lockContact } from '../../db/contacts.ts';
import type { ConflictPolicy } from '../../domain/contact-conflict.ts';
import { run } from '../stack/activity-bench.ts';
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
  return { firstName: 'Ann', lastName: `No${people}`, email: `ann-${people}@x.test`, tags: ['old', 'kept'] };
};
const policy = (field: string, chosen: ConflictPolicy | null) =>
  world.asAgency((tx) =>
    setConflictPolicy(tx, { agencyId: world.agencyId, locationId: world.locationId, field }, chosen),
  );

describe('a change of a contact', () => {
  it('is written with what differs and nothing else, read again, and can be repeated', async () => {
    const contact = await world.known(somebody());
    await world.change(contact.id, { city: 'Boston', firstName: 'Ann', 'tag:vip': true, 'tag:old': false });
    await world.bench.simulator.resetCalls();
    await expectToRepeat(world.bench, world, world.bench.editsGhl.writeContactEdits, await world.args(contact.id));
    expect(await world.calls()).toEqual([
      'GET /contacts/:contactId',
      'PUT /contacts/:contactId',
      'POST /contacts/:contactId/tags',
      'DELETE /contacts/:contactId/tags',
      'GET /contacts/:contactId',
    ]);
    expect(await world.shown(contact.ghl_id!)).toMatchObject({ city: 'Boston', tags: ['kept', 'vip'] });
    expect((await world.get(contact.id)).fields).toMatchObject({ city: 'Boston', tags: ['kept', 'vip'] });
    expect(await world.unsettled(contact.id)).toEqual([]);
  });

  it('leaves who made it on the field, and GHL on what a person changed there', async () => {
    const contact = await world.known(somebody());
    await world.change(contact.id, { city: 'Boston' }, 'api-key:1');
    await world.push(contact.id);
    await world.bench.simulator.updateContact(contact.ghl_id!, { state: 'MA' });
    const { lineage } = await world.read(contact.ghl_id!);
    expect(lineage).toMatchObject({
      city: { origin: 'api', actor: 'api-key:1' },
      state: { origin: 'ghl', actor: 'ghl' },
    });
  });

  it('sets an opt-out whatever the policy says, and no other change lifts one', async () => {
    const contact = await world.known({ ...somebody(), dndSettings: { SMS: { status: 'permanent' } } });
    await policy('*', 'ghl-wins');
    await world.change(contact.id, { dnd: true, city: 'Boston' });
    await world.bench.simulator.updateContact(contact.ghl_id!, { state: 'MA' });
    await world.push(contact.id);
    await policy('*', null);
    expect(await world.fates(contact.id)).toEqual(['dnd synced written', 'city synced written']);
    const blocked = { dnd: true, dndSettings: { SMS: { status: 'permanent' } } };
    expect(await world.shown(contact.ghl_id!)).toMatchObject({ ...blocked, city: 'Boston' });
    expect(await world.change(contact.id, { dnd: true })).toEqual([]);
    await world.change(contact.id, { city: 'Salem' });
    await world.push(contact.id);
    expect(await world.shown(contact.ghl_id!)).toMatchObject({ ...blocked, city: 'Salem' });
  });

  it('gives a contact another source, but not one that was made here, which is known by it', async () => {
    const theirs = await world.known({ ...somebody(), source: 'Fair' });
    await world.change(theirs.id, { source: 'Website' });
    await world.push(theirs.id);
    expect(await world.shown(theirs.ghl_id!)).toMatchObject({ source: 'Website' });
    const made = await world.make({ email: `made-${people}@x.test`, dnd: true });
    await world.push(made.id);
    await world.push(made.id);
    await world.change(made.id, { source: 'Website' });
    await world.push(made.id);
    expect((await world.fates(made.id)).at(-1)).toBe('source overruled not-changeable');
    expect(await world.shown((await world.get(made.id)).ghl_id!)).toMatchObject({ source: 'Switchyard', dnd: true });
  });

  it('that GHL has already is written no more', async () => {
    const contact = await world.known(somebody());
    await world.change(contact.id, { city: 'Boston' });
    await world.bench.simulator.updateContact(contact.ghl_id!, { city: 'Boston' });
    await world.bench.simulator.resetCalls();
    await world.push(contact.id);
    expect(await world.calls()).toEqual(['GET /contacts/:contactId']);
    expect(await world.fates(contact.id)).toEqual(['city synced ghl-has-it']);
  });

  it('is found done after an answer that was lost', async () => {
    const contact = await world.known(somebody());
    await world.change(contact.id, { city: 'Boston' });
    await world.bench.simulator.addFault({ cutAfterCommit: true, times: 1, method: 'PUT' });
    expect(await failureOf(world.push(contact.id))).toMatchObject({ type: 'GhlUnavailable', nonRetryable: false });
    expect(await world.unsettled(contact.id)).toMatchObject([
      { state: 'pending', attempts: 1, lastError: 'GhlUnavailable' },
    ]);
    await world.bench.simulator.resetCalls();
    await world.push(contact.id, 2);
    expect(await world.calls()).toEqual(['GET /contacts/:contactId']);
    expect(await world.fates(contact.id)).toEqual(['city synced ghl-has-it']);
  });

  it('that is refused keeps no other back, and goes to an operator who can redrive it', async () => {
    const other = await world.known(somebody());
    const contact = await world.known(somebody());
    const email = other.email!;
    await world.change(contact.id, { email, city: 'Boston', 'tag:vip': true });
    await world.push(contact.id);
    expect((await world.fates(contact.id)).sort()).toEqual([
      'city synced written',
      'email failed GhlDuplicateContact',
      'tag:vip synced written',
    ]);
    const letters = (await world.agency.letters()).filter((letter) => letter.subject_id === contact.id);
    expect(letters).toMatchObject([{ cause: 'edit:GhlDuplicateContact', resolved_at: null }]);
    expect(JSON.stringify(letters)).not.toContain(email);
    await world.change(contact.id, { email: `free-${email}` });
    await world.push(contact.id);
    expect(await world.shown(contact.ghl_id!)).toMatchObject({ email: `free-${email}` });
    const after = (await world.agency.letters()).filter((letter) => letter.subject_id === contact.id);
    expect(after).toMatchObject([{ resolution: 'edited' }]);
  });

  it('of tags that a person takes back before we look again was made, and waits for nobody', async () => {
    const contact = await world.known(somebody());
    await world.change(contact.id, { 'tag:vip': true, 'tag:old': false });
    await world.bench.simulator.addFault({ latencyMs: 700, times: 1, skip: 1, method: 'GET' });
    const pushing = world.push(contact.id);
    await expect.poll(async () => (await world.bench.simulator.listFaults()).length).toBe(0);
    await world.bench.simulator.updateContact(contact.ghl_id!, { tags: ['old', 'kept'] });
    await pushing;
    expect(await world.fates(contact.id)).toEqual(['tag:vip synced changed-since', 'tag:old synced changed-since']);
    expect((await world.get(contact.id)).fields).toMatchObject({ tags: ['kept', 'old'] });
    expect((await world.agency.letters()).filter((letter) => letter.subject_id === contact.id)).toEqual([]);
  });

  it('answered by 422 although GHL took it is seen to be there', async () => {
    const contact = await world.known(somebody());
    await world.change(contact.id, { city: 'Boston' });
    await world.bench.simulator.addFault({ createdBut422: true, times: 1, method: 'PUT' });
    await world.push(contact.id);
    expect(await world.fates(contact.id)).toEqual(['city synced written']);
  });

  it('waits while GHL is away and says so, and fails for good with a dead letter when it was too long', async () => {
    const contact = await world.known(somebody());
    await world.change(contact.id, { city: 'Boston' });
    await world.bench.simulator.addFault({ status: 503, times: 1 });
    expect(await failureOf(world.push(contact.id))).toMatchObject({ type: 'GhlUnavailable' });
    const args = { ...(await world.args(contact.id)), cause: 'TIMEOUT' };
    await expectToRepeat(world.bench, world, world.bench.edits.recordEditFailure, args);
    expect(await world.fates(contact.id)).toEqual(['city failed TIMEOUT']);
    const [letter] = (await world.agency.letters()).filter((each) => each.subject_id === contact.id);
    expect(letter).toMatchObject({ cause: 'edit:TIMEOUT', capability: 'contact-sync' });
  });

  it('of a contact that is gone in GHL fails, and the mirror knows that it is gone', async () => {
    const contact = await world.known(somebody());
    await world.change(contact.id, { city: 'Boston' });
    await world.bench.simulator.deleteContact(contact.ghl_id!);
    await world.push(contact.id);
    expect(await world.fates(contact.id)).toEqual(['city failed contact-gone']);
    expect((await world.get(contact.id)).deleted_at).not.toBeNull();
    const [letter] = (await world.agency.letters()).filter((each) => each.subject_id === contact.id);
    expect(letter).toMatchObject({
      cause: 'edit:contact-gone',
      advice: expect.stringContaining('have it again') as string,
    });
  });

  it('of a contact that GHL has again is written after a redrive', async () => {
    const person = somebody();
    const contact = await world.known(person);
    await world.change(contact.id, { city: 'Boston' });
    const before = await world.shown(contact.ghl_id!);
    await world.bench.simulator.deleteContact(contact.ghl_id!);
    await world.push(contact.id);
    await world.bench.simulator.seed({
      contacts: [{ ...person, id: contact.ghl_id!, locationId: world.ghlLocationId, dateAdded: before!.dateAdded }],
    });
    await world.asAgency(async (tx) => redriveContact(tx, (await lockContact(tx, contact.id))!, new Date()));
    await world.push(contact.id);
    expect(await world.shown(contact.ghl_id!)).toMatchObject({ city: 'Boston' });
    expect((await world.get(contact.id)).deleted_at).toBeNull();
  });

  it('in the name of another agency or under another key is not written', async () => {
    const contact = await world.known(somebody());
    await world.change(contact.id, { city: 'Boston' });
    const args = await world.args(contact.id);
    const theirs = { ...args, agencyId: world.neighbour.agencyId };
    const { editsGhl, edits } = world.bench;
    expect(await failureOf(run(editsGhl.writeContactEdits, theirs))).toMatchObject({ type: 'ContactUnknown' });
    expect(await failureOf(run(edits.recordEditFailure, { ...theirs, cause: 'x' }))).toMatchObject({
      type: 'ContactUnknown',
    });
    const elsewhere = { ...args, locationId: world.agency.location('master'), cause: 'x' };
    expect(await failureOf(run(edits.recordEditFailure, elsewhere))).toMatchObject({ type: 'ContactUnknown' });
    expect(await world.fates(contact.id)).toEqual(['city pending']);
    await world.bench.simulator.resetCalls();
    await run(editsGhl.writeContactEdits, { ...args, contactKey: 'another' });
    expect(await world.calls()).toEqual([]);
    expect(await world.unsettled(contact.id)).toHaveLength(1);
  });
});

describe('two changes of one field', () => {
  it('are one write of the later', async () => {
    const contact = await world.known(somebody());
    await world.change(contact.id, { city: 'Boston' });
    await world.change(contact.id, { city: 'Salem' });
    await world.push(contact.id);
    expect(await world.shown(contact.ghl_id!)).toMatchObject({ city: 'Salem' });
    expect(await world.fates(contact.id)).toEqual(['city superseded newer-edit', 'city synced written']);
  });

  it('made at the same moment leave one that is written', async () => {
    const contact = await world.known(somebody());
    await Promise.all(['Boston', 'Salem', 'Lynn'].map((city) => world.change(contact.id, { city })));
    const [wanted, ...more] = await world.unsettled(contact.id);
    expect(more).toEqual([]);
    await world.push(contact.id);
    expect(await world.shown(contact.ghl_id!)).toMatchObject({ city: wanted?.value });
  });

  it('the second of which comes while the first is written are no conflict, although GHL shows the first', async () => {
    await policy('city', 'ask');
    const contact = await world.known(somebody());
    await world.change(contact.id, { city: 'Boston' });
    await world.bench.simulator.addFault({ latencyMs: 700, times: 1, method: 'PUT' });
    const pushing = world.push(contact.id);
    await expect.poll(async () => (await world.bench.simulator.listFaults()).length).toBe(0);
    await world.change(contact.id, { city: 'Salem' });
    await pushing;
    await world.push(contact.id);
    await policy('city', null);
    expect(await world.shown(contact.ghl_id!)).toMatchObject({ city: 'Salem' });
    expect(await world.fates(contact.id)).toEqual(['city superseded newer-edit', 'city synced written']);
  });
});

describe('a change after others that may have got there', () => {
  it('is no conflict with the first of them, although the second was given up', async () => {
    await policy('city', 'ask');
    const contact = await world.known({ ...somebody(), city: 'Old' });
    await world.change(contact.id, { city: 'Boston' });
    await world.bench.simulator.addFault({ cutAfterCommit: true, times: 1, method: 'PUT' });
    expect(await failureOf(world.push(contact.id))).toMatchObject({ type: 'GhlUnavailable' });
    await world.change(contact.id, { city: 'Salem' });
    await run(world.bench.edits.recordEditFailure, { ...(await world.args(contact.id)), cause: 'TIMEOUT' });
    await world.change(contact.id, { city: 'Lynn' });
    await world.push(contact.id);
    await policy('city', null);
    expect(await world.shown(contact.ghl_id!)).toMatchObject({ city: 'Lynn' });
    expect((await world.fates(contact.id)).at(-1)).toBe('city synced written');
  });
});

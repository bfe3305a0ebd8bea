import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ContactChange } from '../../domain/contact-change.ts';
import { run } from '../stack/activity-bench.ts';
import { type ContactWorld, startContactWorld } from './contact-world.ts';
import { failureOf } from './failure.ts';
import { expectToRepeat } from './picture.ts';

let world: ContactWorld;
beforeAll(async () => {
  world = await startContactWorld();
});
afterAll(() => world.bench.stop());
beforeEach(() => world.bench.simulator.clearFaults());

const argsOf = (...changes: unknown[]) => {
  const { agencyId, locationId } = world;
  return { agencyId, locationId, changes: changes as ContactChange[] };
};
const refuse = (path: string) => world.bench.simulator.addFault({ status: 403, message: 'No', path });
/** Of which records of a name a letter lies before the operator. */
const lettersOf = async (name: string): Promise<string[]> =>
  (await world.agency.letters())
    .filter(({ subject_kind, subject_id }) => subject_kind === 'record' && subject_id.includes(name))
    .map(({ cause, subject_id }) => `${cause} ${subject_id}`)
    .sort();

describe('a record that GHL refuses to show', () => {
  it('keeps no other back, and each is put before an operator', async () => {
    const { ghl_id: ghlId } = await world.known({ firstName: 'Kay' });
    await world.bench.simulator.updateContact(ghlId!, { city: 'Salem' });
    for (const path of ['/opportunities/refused-1', '/opportunities/refused-2', '/notes/refused-3']) await refuse(path);
    const args = argsOf(
      { resource: 'opportunity', ghlId: 'refused-1' },
      { resource: 'planet', ghlId: 'Pluto' },
      { resource: 'opportunity', ghlId: 'refused-2' },
      { resource: 'note', ghlId: 'refused-3', ghlContactId: ghlId },
      { resource: 'contact', ghlId },
    );
    const result = await expectToRepeat(world.bench, world, world.bench.contactsGhl.readChanges, args);
    expect(result).toEqual({ read: 1, gone: 0, unknown: 0, unread: 4 });
    expect((await world.read(ghlId!)).fields).toMatchObject({ city: 'Salem' });
    expect(await lettersOf('refused')).toEqual([
      'read:GhlForbidden note:refused-3',
      'read:GhlForbidden opportunity:refused-1',
      'read:GhlForbidden opportunity:refused-2',
    ]);
    expect(await lettersOf('none')).toEqual(['read:ContactChangeMalformed none']);
    const letters = await world.agency.letters();
    expect(letters.find(({ subject_id }) => subject_id === 'note:refused-3')?.advice).toContain('no poll reads notes');
  });

  it('among the messages of one conversation is read by itself, as are the others', async () => {
    const { ghl_id: contactId } = await world.known({ firstName: 'Kay' });
    const at = new Date().toISOString();
    const of = { locationId: world.ghlLocationId, contactId: contactId! };
    const [conversationId, one, other] = ['gathered', 'gathered-1', 'gathered-2'];
    const message = {
      ...of,
      conversationId,
      messageType: 'TYPE_SMS' as const,
      direction: 'inbound' as const,
      dateAdded: at,
    };
    await world.bench.simulator.seed({
      conversations: [{ ...of, id: conversationId, dateAdded: at, dateUpdated: at }],
      messages: [one, other].map((id) => ({ ...message, id, body: 'Hello' })),
    });
    await refuse(`/conversations/${conversationId}/messages`);
    await refuse(`/conversations/messages/${one}`);
    const named = (ghlId: string) => ({ resource: 'message', ghlId, ghlContactId: contactId, conversationId });
    const result = await run(world.bench.contactsGhl.readChanges, argsOf(named(one), named(other)));
    expect(result).toMatchObject({ read: 1, unread: 1 });
    expect(await lettersOf('gathered')).toEqual([`read:GhlForbidden message:${one}`]);
  });

  it('is no record that GHL cannot show now: that is waited for', async () => {
    await world.bench.simulator.addFault({ status: 503, path: '/opportunities/away' });
    const read = run(world.bench.contactsGhl.readChanges, argsOf({ resource: 'opportunity', ghlId: 'away' }));
    expect(await failureOf(read)).toMatchObject({ type: 'GhlUnavailable', nonRetryable: false });
    expect(await lettersOf('away')).toEqual([]);
  });
});

describe('a location of which GHL shows no record of a kind', () => {
  const lettersOfLocation = async () =>
    (await world.agency.letters())
      .filter((each) => each.subject_id === world.locationId && each.cause.startsWith('read-refused:'))
      .map(({ cause, subject_kind, resolution }) => `${cause} ${subject_kind} ${resolution}`)
      .sort();
  const told = (resource: string, ...ghlIds: string[]) =>
    ghlIds.map((ghlId) => ({ resource, ghlId, ...(resource === 'note' && { ghlContactId: 'wide-contact' }) }));
  const read = (...changes: unknown[]) => run(world.bench.contactsGhl.readChanges, argsOf(...changes));
  const wide = ['wide-1', 'wide-2', 'wide-3'];

  it('is put before an operator once for a kind, costs no more calls, and is settled when one can be read', async () => {
    const scope = { status: 401, message: 'The token is not authorized for this scope.' };
    await world.bench.simulator.addFault({ ...scope, path: '/opportunities/' });
    await world.bench.simulator.addFault({ ...scope, path: '/notes/' });
    await world.bench.simulator.resetCalls();
    const args = argsOf(...told('opportunity', ...wide), ...told('note', ...wide));
    const result = await run(world.bench.contactsGhl.readChanges, args);
    expect(result).toEqual({ read: 0, gone: 0, unknown: 0, unread: 6 });
    const { last } = await world.bench.simulator.getCalls();
    expect(last.filter(({ route }) => route.startsWith('/opportunities'))).toHaveLength(2);
    await expectToRepeat(world.bench, world, world.bench.contactsGhl.readChanges, args);
    expect(await lettersOf('wide')).toEqual([]);
    const [notes, opportunities] = ['note', 'opportunity'].map((kind) => `read-refused:${kind}:GhlForbidden location`);
    expect(await lettersOfLocation()).toEqual([`${notes} null`, `${opportunities} null`]);

    await world.bench.simulator.clearFaults();
    await read(...told('appointment', 'wide-4'));
    expect(await lettersOfLocation()).toEqual([`${notes} null`, `${opportunities} null`]);
    await read(...told('opportunity', ...wide));
    expect(await lettersOfLocation()).toEqual([`${notes} null`, `${opportunities} works-again`]);
    await world.bench.simulator.addFault({ ...scope, path: '/opportunities/' });
    await read(...told('opportunity', ...wide));
    expect((await lettersOfLocation()).filter((each) => each === `${opportunities} null`)).toHaveLength(1);
  });

  it('and that is not connected at all is put before an operator once', async () => {
    const args = { ...argsOf(...told('contact', ...wide)), cause: 'LocationNotConnected' };
    await expectToRepeat(world.bench, world, world.bench.contacts.recordUnreadChanges, args);
    expect(await lettersOf('wide')).toEqual([]);
    expect(await lettersOfLocation()).toContain('read-refused:contact:LocationNotConnected location null');
  });
});

describe('records that could not be read in time', () => {
  it('are put before an operator one by one', async () => {
    const changes = ['late-1', 'late-2'].map((ghlId) => ({ resource: 'appointment', ghlId }));
    const args = { ...argsOf(...changes), cause: 'TIMEOUT' };
    await expectToRepeat(world.bench, world, world.bench.contacts.recordUnreadChanges, args);
    expect(await lettersOf('late')).toEqual(['read:TIMEOUT appointment:late-1', 'read:TIMEOUT appointment:late-2']);
  });
});

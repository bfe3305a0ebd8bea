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
    const message = { ...of, conversationId, messageType: 'TYPE_SMS', direction: 'inbound' as const, dateAdded: at };
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

describe('records that could not be read in time', () => {
  it('are put before an operator one by one', async () => {
    const changes = ['late-1', 'late-2'].map((ghlId) => ({ resource: 'appointment', ghlId }));
    const args = { ...argsOf(...changes), cause: 'TIMEOUT' };
    await expectToRepeat(world.bench, world, world.bench.contacts.recordUnreadChanges, args);
    expect(await lettersOf('late')).toEqual(['read:TIMEOUT appointment:late-1', 'read:TIMEOUT appointment:late-2']);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findMerge, requestMerge } from '../../db/contact-merges.ts';
import type { Contact } from '../../db/contacts.ts';
import { run } from '../stack/activity-bench.ts';
import { waitFor } from '../stack/wait.ts';
import { type ContactWorld, startContactWorld } from './contact-world.ts';
import { failureOf } from './failure.ts';
import { expectToRepeat } from './picture.ts';

let world: ContactWorld;
beforeAll(async () => {
  world = await startContactWorld();
});
afterAll(() => world.bench.stop());
beforeEach(() => world.bench.simulator.clearFaults());

let people = 0;
const pair = async (
  kept: Parameters<ContactWorld['inGhl']>[0] = {},
  gone: Parameters<ContactWorld['inGhl']>[0] = {},
): Promise<{ survivor: Contact; loser: Contact }> => {
  people += 1;
  return {
    survivor: await world.known({ firstName: 'Kay', email: `kay-${people}@x.test`, ...kept }),
    loser: await world.known({ firstName: 'Kay', phone: `+1212555${String(2000 + people)}`, ...gone }),
  };
};
const act = () => ({ actor: 'cli:tester', origin: 'cli' as const, now: new Date() });
const request = (survivor: Contact, loser: Contact, acceptsLoss = false) =>
  world.asAgency((tx) => requestMerge(tx, { survivorId: survivor.id, loserId: loser.id, acceptsLoss }, act()));
async function asked(survivor: Contact, loser: Contact, acceptsLoss = false) {
  const answer = await request(survivor, loser, acceptsLoss);
  if ('refused' in answer) throw new Error(answer.refused);
  return { agencyId: world.agencyId, mergeId: answer.mergeId };
}
const outcome = async (mergeId: string) => {
  const merge = await world.asAgency((tx) => findMerge(tx, mergeId));
  return `${merge?.outcome} ${merge?.reason}`;
};

describe('a merge', () => {
  it('gives the survivor what it lacks, keeps what it has, and deletes the other; each step can be repeated', async () => {
    const { bench } = world;
    const { survivor, loser } = await pair(
      { city: 'Boston', tags: ['a'], customFields: [{ id: 'f1', value: 'kept' }] },
      {
        city: 'Salem',
        state: 'MA',
        tags: ['b'],
        country: 'US',
        dndSettings: { SMS: { status: 'permanent', code: '30004' }, Email: { status: 'active' } },
        customFields: [
          { id: 'f1', value: 'lost' },
          { id: 'f2', value: 'follows' },
        ],
      },
    );
    const contactId = loser.ghl_id!;
    const note = { contactId, locationId: world.ghlLocationId, body: 'called twice' };
    const task = {
      contactId,
      locationId: world.ghlLocationId,
      title: 'Call back',
      dueDate: '2027-01-01T00:00:00.000Z',
    };
    await bench.simulator.seed({ notes: [note], tasks: [{ ...task, completed: false }] });
    const args = await asked(survivor, loser);
    expect(await run(bench.mergesGhl.judgeContactMerge, args)).toBe('ok');
    await expectToRepeat(bench, world, bench.mergesGhl.absorbContact, args);
    await expectToRepeat(bench, world, bench.mergesGhl.finishContactMerge, args);
    expect(await outcome(args.mergeId)).toBe('merged ok');
    expect(await world.shown(contactId)).toBeUndefined();
    expect(await world.shown(survivor.ghl_id!)).toMatchObject({
      email: survivor.fields['email'],
      phone: loser.fields['phone'],
      city: 'Boston',
      state: 'MA',
      tags: ['a', 'b'],
      country: 'US',
      dndSettings: { SMS: { status: 'permanent', code: '30004' }, Email: { status: 'active' } },
      customFields: [
        { id: 'f1', value: 'kept' },
        { id: 'f2', value: 'follows' },
      ],
    });
    const ofSurvivor = <T extends { contactId: string }>(each: T) => each.contactId === survivor.ghl_id;
    expect((await bench.simulator.listNotes()).filter(ofSurvivor).map(({ body }) => body)).toEqual(['called twice']);
    expect((await bench.simulator.listTasks()).filter(ofSurvivor).map(({ title }) => title)).toEqual(['Call back']);
    expect((await world.get(loser.id)).id).toBe(survivor.id);
    expect((await world.get(survivor.id)).fields).toMatchObject({ phone: loser.fields['phone'], state: 'MA' });
    const audited = await bench.database.ownerDb
      .selectFrom('audit_log')
      .select('action')
      .where('subject', '=', `contact:${survivor.id}`)
      .orderBy('sequence')
      .execute();
    expect(audited.map(({ action }) => action)).toEqual(['contact.merge', 'contact.merge.merged']);
  });

  it('is found done after a deletion whose answer was lost', async () => {
    const { survivor, loser } = await pair();
    const args = await asked(survivor, loser);
    await world.bench.simulator.addFault({ cutAfterCommit: true, times: 1, method: 'DELETE' });
    expect(await failureOf(run(world.bench.mergesGhl.absorbContact, args))).toMatchObject({ type: 'GhlUnavailable' });
    await run(world.bench.mergesGhl.absorbContact, args, { attempt: 2 });
    await run(world.bench.mergesGhl.finishContactMerge, args);
    expect(await world.shown(survivor.ghl_id!)).toMatchObject({ phone: loser.fields['phone'] });
  });

  it('lets the lead of the other contact follow, and asks for no lead by the tags that come along', async () => {
    const { bench, agency } = world;
    people += 1;
    const held = await agency.placed({ firstName: 'Kay', phone: `(212) 555-${2000 + people}`, postcode: '10011' });
    const [assignment] = await agency.assignments(held.leadId);
    const loser = await world.read(assignment!.ghl_contact_id!);
    const survivor = await world.known({ firstName: 'Kay', email: `kay-${people}@x.test` });
    const args = await asked(survivor, loser, true);
    await run(bench.mergesGhl.absorbContact, args);
    await run(bench.mergesGhl.finishContactMerge, args);
    const [after] = await agency.assignments(held.leadId);
    expect(after).toMatchObject({ state: 'active', ghl_contact_id: survivor.ghl_id });
    expect(await world.shown(survivor.ghl_id!)).toMatchObject({ phone: loser.fields['phone'] });
  });

  it('that would lose a conversation is refused, unless that is accepted', async () => {
    const { survivor, loser } = await pair();
    const contactId = loser.ghl_id!;
    const at = new Date().toISOString();
    await world.bench.simulator.seed({
      conversations: [
        { id: `conversation-${contactId}`, locationId: world.ghlLocationId, contactId, dateAdded: at, dateUpdated: at },
      ],
    });
    const args = await asked(survivor, loser);
    expect(await run(world.bench.mergesGhl.judgeContactMerge, args)).toBe('would-lose-records');
    const end = { ...args, outcome: 'refused' as const, reason: 'would-lose-records' };
    await expectToRepeat(world.bench, world, world.bench.merges.endContactMerge, end);
    expect(await world.shown(contactId)).toBeDefined();
    const accepted = await asked(survivor, loser, true);
    expect(await run(world.bench.mergesGhl.judgeContactMerge, accepted)).toBe('ok');
    await run(world.bench.merges.endContactMerge, { ...accepted, outcome: 'refused', reason: 'test' });
  });

  it('whose other contact gets what cannot follow between two attempts deletes nothing', async () => {
    const { simulator, mergesGhl } = world.bench;
    const { survivor, loser } = await pair();
    const contactId = loser.ghl_id!;
    await simulator.seed({ notes: [{ contactId, locationId: world.ghlLocationId, body: 'called' }] });
    const args = await asked(survivor, loser);
    expect(await run(mergesGhl.judgeContactMerge, args)).toBe('ok');
    await simulator.addFault({ status: 503, times: 1, method: 'POST', path: '/notes$' });
    expect(await failureOf(run(mergesGhl.absorbContact, args))).toMatchObject({ type: 'GhlUnavailable' });
    await simulator.updateContact(contactId, { dndSettings: { RCS: { status: 'permanent' } } });
    const failure = await failureOf(run(mergesGhl.absorbContact, args, { attempt: 2 }));
    expect(failure).toMatchObject({ type: 'opt-out-cannot-follow', nonRetryable: true });
    expect(await world.shown(contactId)).toBeDefined();
    await run(world.bench.merges.endContactMerge, { ...args, outcome: 'failed', reason: 'opt-out-cannot-follow' });
  });

  it('whose other contact opts out while its notes are copied lets the opt-out follow', async () => {
    const { simulator, mergesGhl } = world.bench;
    const { survivor, loser } = await pair();
    const contactId = loser.ghl_id!;
    await simulator.seed({ notes: [{ contactId, locationId: world.ghlLocationId, body: 'called' }] });
    const args = await asked(survivor, loser);
    await simulator.addFault({ latencyMs: 2_000, times: 1, method: 'POST', path: '/notes$' });
    const absorbed = run(mergesGhl.absorbContact, args);
    await waitFor('the note to be on its way', async () => (await simulator.listFaults()).length === 0);
    await simulator.updateContact(contactId, { dndSettings: { SMS: { status: 'permanent' } } });
    await absorbed;
    expect(await world.shown(contactId)).toBeUndefined();
    expect(await world.shown(survivor.ghl_id!)).toMatchObject({ dndSettings: { SMS: { status: 'permanent' } } });
    await run(mergesGhl.finishContactMerge, args);
  });

  it('makes a block that the survivor has as firm as the other one', async () => {
    const [active, permanent] = [{ SMS: { status: 'active' as const } }, { SMS: { status: 'permanent' as const } }];
    const { survivor, loser } = await pair({ dndSettings: active }, { dndSettings: permanent });
    const args = await asked(survivor, loser);
    await run(world.bench.mergesGhl.absorbContact, args);
    expect(await world.shown(survivor.ghl_id!)).toMatchObject({ dndSettings: permanent });
    await run(world.bench.mergesGhl.finishContactMerge, args);
  });

  it('whose survivor is gone moves no lead', async () => {
    const { bench, agency } = world;
    people += 1;
    const held = await agency.placed({ firstName: 'Kay', phone: `(212) 555-${2000 + people}`, postcode: '10011' });
    const [before] = await agency.assignments(held.leadId);
    const loser = await world.read(before!.ghl_contact_id!);
    const survivor = await world.known({ firstName: 'Kay', email: `kay-${people}@x.test` });
    const args = await asked(survivor, loser, true);
    await bench.simulator.deleteContact(survivor.ghl_id!);
    expect(await failureOf(run(bench.mergesGhl.absorbContact, args))).toMatchObject({ type: 'survivor-gone' });
    expect((await agency.assignments(held.leadId))[0]).toMatchObject({ ghl_contact_id: loser.ghl_id });
    await run(bench.merges.endContactMerge, { ...args, outcome: 'failed', reason: 'survivor-gone' });
  });

  it('whose other contact somebody has deleted before anything was copied is not taken for done', async () => {
    const { survivor, loser } = await pair();
    const args = await asked(survivor, loser);
    await world.bench.simulator.deleteContact(loser.ghl_id!);
    expect(await failureOf(run(world.bench.mergesGhl.absorbContact, args))).toMatchObject({ type: 'loser-gone' });
    await run(world.bench.merges.endContactMerge, { ...args, outcome: 'failed', reason: 'loser-gone' });
  });

  it('that would lose another e-mail is refused, unless that is accepted', async () => {
    const { survivor, loser } = await pair({}, { email: `other-${people}@x.test` });
    const args = await asked(survivor, loser);
    expect(await run(world.bench.mergesGhl.judgeContactMerge, args)).toBe('would-lose-fields');
    await run(world.bench.merges.endContactMerge, { ...args, outcome: 'refused', reason: 'would-lose-fields' });
    const accepted = await asked(survivor, loser, true);
    expect(await run(world.bench.mergesGhl.judgeContactMerge, accepted)).toBe('ok');
    await run(world.bench.merges.endContactMerge, { ...accepted, outcome: 'refused', reason: 'test' });
  });

  it('of a contact that has more than one e-mail and phone, as the mirror shows, has to be accepted', async () => {
    const { simulator, mergesGhl, merges } = world.bench;
    const both = await pair({ phone: '+12125550001' }, { email: `second-${people}@x.test` });
    const [kept, gone] = [both.survivor.fields, both.loser.fields];
    await simulator.mergeContacts({ survivorId: both.survivor.ghl_id!, loserId: both.loser.ghl_id! });
    await simulator.updateContact(both.survivor.ghl_id!, { inboundDndSettings: { all: { status: 'active' } } });
    const loser = await world.read(both.survivor.ghl_id!);
    expect(loser.fields).toMatchObject({
      email: kept['email'],
      phone: kept['phone'],
      additionalEmails: [gone['email']],
      additionalPhones: [gone['phone']],
      inboundDndSettings: { all: { status: 'active' } },
    });
    const args = await asked(await world.known({ firstName: 'Kay' }), loser);
    expect(await run(mergesGhl.judgeContactMerge, args)).toBe('would-lose-fields');
    await run(merges.endContactMerge, { ...args, outcome: 'refused', reason: 'would-lose-fields' });
  });

  it('that failed goes to an operator and goes on when it is asked for again', async () => {
    const { survivor, loser } = await pair();
    const args = await asked(survivor, loser);
    await run(world.bench.mergesGhl.absorbContact, args);
    await run(world.bench.merges.endContactMerge, { ...args, outcome: 'failed', reason: 'TIMEOUT' });
    const letters = (await world.agency.letters()).filter((each) => each.subject_id === args.mergeId);
    expect(letters).toMatchObject([{ cause: 'merge:TIMEOUT', resolved_at: null }]);
    expect(await asked(survivor, loser)).toEqual(args);
    expect(await run(world.bench.mergesGhl.judgeContactMerge, args)).toBe('ok');
    await run(world.bench.mergesGhl.absorbContact, args);
    await run(world.bench.mergesGhl.finishContactMerge, args);
    expect(await outcome(args.mergeId)).toBe('merged ok');
    expect((await world.get(loser.id)).id).toBe(survivor.id);
  });

  it('of another tenant is unknown', async () => {
    const { survivor, loser } = await pair();
    const args = { ...(await asked(survivor, loser)), agencyId: world.neighbour.agencyId };
    const { mergesGhl, merges } = world.bench;
    for (const step of [mergesGhl.judgeContactMerge, mergesGhl.absorbContact, mergesGhl.finishContactMerge]) {
      expect(await failureOf(run<typeof args, unknown>(step, args))).toMatchObject({ type: 'MergeUnknown' });
    }
    const end = run(merges.endContactMerge, { ...args, outcome: 'failed', reason: 'x' });
    expect(await failureOf(end)).toMatchObject({ type: 'MergeUnknown' });
    await run(merges.endContactMerge, { ...args, agencyId: world.agencyId, outcome: 'refused', reason: 'x' });
  });
});

describe('a merge is not taken', () => {
  it('of one contact with itself, of one with open changes, or while another is under way', async () => {
    const { survivor, loser } = await pair();
    expect(await request(survivor, survivor)).toEqual({ refused: 'same-contact' });
    await world.change(loser.id, { city: 'Boston' });
    expect(await request(survivor, loser)).toEqual({ refused: 'changes-unsettled' });
    await world.push(loser.id);
    const [one, two] = await Promise.all([request(survivor, loser), request(loser, survivor)]);
    expect([one, two].filter((each) => 'refused' in each)).toEqual([{ refused: 'contact-being-merged' }]);
  });

  it('once more after it failed while one of them is in another, has open changes, or is deleted', async () => {
    const { survivor, loser } = await pair();
    const third = await world.known({ firstName: 'Kay' });
    const { merges } = world.bench;
    const args = await asked(survivor, loser, true);
    await run(merges.endContactMerge, { ...args, outcome: 'failed', reason: 'test' });
    const other = await asked(survivor, third);
    expect(await request(survivor, loser)).toEqual({ refused: 'contact-being-merged' });
    await run(merges.endContactMerge, { ...other, outcome: 'refused', reason: 'test' });
    await world.change(loser.id, { city: 'Boston' });
    expect(await request(survivor, loser)).toEqual({ refused: 'changes-unsettled' });
    await world.push(loser.id);
    expect(await asked(survivor, loser, false)).toEqual(args);
    expect(await world.asAgency((tx) => findMerge(tx, args.mergeId))).toMatchObject({ accepts_loss: false });
    await run(merges.endContactMerge, { ...args, outcome: 'failed', reason: 'test' });
    await world.bench.simulator.deleteContact(loser.ghl_id!);
    await world.read(loser.ghl_id!);
    expect(await request(survivor, loser)).toEqual({ refused: 'contact-deleted' });
  });
});

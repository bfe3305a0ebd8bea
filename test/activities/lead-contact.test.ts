import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../stack/activity-bench.ts';
import { somebody } from '../stack/lead-harness.ts';
import { failureOf } from './failure.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { expectToRepeat } from './picture.ts';

let all: Neighbours;
beforeAll(async () => {
  all = await startNeighbours();
});
afterAll(() => all.bench.stop());

const chelsea = () => all.bench.simulator.listContacts(all.agency.ghlLocation('chelsea'));
const there = async (contact: { firstName?: string; lastName?: string; email?: string; phone?: string }) => {
  const locationId = all.agency.ghlLocation('chelsea');
  return all.bench.simulator.createContact({ locationId, ...contact });
};
/** Places a lead twice over and returns the contact it has then. */
const place = async (body: Record<string, unknown>) => {
  const held = await all.agency.reserved({ postcode: '10011', ...body });
  await expectToRepeat(all.bench, all, all.bench.ghl.placeLead, held);
  const [assignment] = await all.agency.assignments(held.leadId);
  const contact = (await chelsea()).find((each) => each.id === assignment?.ghl_contact_id);
  return { held, contact };
};

describe('a person who is in the location already', () => {
  it('by e-mail keeps name, e-mail and phone, and gets the rep', async () => {
    const before = await there({ firstName: 'Ada', lastName: 'Old', email: 'ada@x.test', phone: '+12125550101' });
    const { contact } = await place({ firstName: 'Adele', email: 'ADA@x.test', phone: '(212) 555-0102' });
    expect(contact).toMatchObject({
      id: before.id,
      firstName: 'Ada',
      lastName: 'Old',
      email: 'ada@x.test',
      phone: '+12125550101',
      assignedTo: all.agency.ghlUser('dan'),
    });
  });

  it('by e-mail gets what was blank', async () => {
    const before = await there({ firstName: 'Ben', email: 'ben@x.test' });
    const { contact } = await place({ firstName: 'Ben', lastName: 'New', email: 'ben@x.test', phone: '2125550103' });
    expect(contact).toMatchObject({ id: before.id, lastName: 'New', phone: '+12125550103' });
  });

  it('by e-mail and phone as two contacts is the one of the e-mail, and the other one is not touched', async () => {
    const mine = await there({ firstName: 'Cleo', email: 'cleo@x.test' });
    const other = await there({ firstName: 'Otto', email: 'otto@x.test', phone: '+12125550104' });
    const { contact } = await place({ firstName: 'Cleo', email: 'cleo@x.test', phone: '2125550104' });
    expect(contact).toMatchObject({ id: mine.id, assignedTo: all.agency.ghlUser('dan') });
    expect(contact?.phone ?? null).toBeNull();
    expect((await chelsea()).find((each) => each.id === other.id)).toEqual(other);
  });

  it('by phone and name is that contact, and its e-mail stays', async () => {
    const before = await there({ firstName: 'Robert', lastName: 'Ray', email: 'home@x.test', phone: '+12125550105' });
    const { contact } = await place({ firstName: 'Bob', lastName: 'Ray', email: 'work@x.test', phone: '2125550105' });
    expect(contact).toMatchObject({ id: before.id, firstName: 'Robert', email: 'home@x.test' });
  });

  it('is found again after an ambiguous answer by a last name and a phone alone', async () => {
    await all.bench.simulator.addFault({ cutAfterCommit: true, times: 1, path: '/contacts/upsert' });
    const held = await all.agency.reserved({ lastName: 'Quill', phone: '2125550106', postcode: '10011' });
    const failure = await failureOf(run(all.bench.ghl.placeLead, held));
    expect(failure).toMatchObject({ type: 'GhlUnavailable', nonRetryable: false });
    await run(all.bench.ghl.placeLead, held, { attempt: 2 });
    const found = (await chelsea()).filter((each) => each.lastName === 'Quill');
    expect(found.map((each) => each.id)).toEqual([(await all.agency.assignments(held.leadId))[0]?.ghl_contact_id]);
  });
});

describe('a person whose phone is another’s', () => {
  it('becomes a contact by e-mail without the phone', async () => {
    const other = await there({ firstName: 'Maria', phone: '+12125550107' });
    const { contact } = await place({ firstName: 'Quentin', email: 'quentin@x.test', phone: '2125550107' });
    expect(contact).toMatchObject({ firstName: 'Quentin', email: 'quentin@x.test' });
    expect(contact?.phone ?? null).toBeNull();
    expect((await chelsea()).find((each) => each.id === other.id)).toEqual(other);
  });

  it('and who has no e-mail gets no contact: the other’s is not touched, and an operator hears of it', async () => {
    const { bench, agency } = all;
    const other = await there({ firstName: 'Nina', lastName: 'Noon', phone: '+12125550108' });
    const { held, contact } = await place({ firstName: 'Walter', lastName: 'West', phone: '2125550108' });
    expect(contact).toBeUndefined();
    await run(bench.leads.confirmAssignment, held);
    const failure = await failureOf(run(bench.ghl.explainLead, held));
    expect(failure).toMatchObject({ type: 'NoContact', nonRetryable: true });
    await expectToRepeat(bench, all, bench.ghl.notifyRep, held);
    await run(bench.leads.closeLead, { ...held, closeReason: 'won', actor: 'test' });
    await expectToRepeat(bench, all, bench.ghl.finishLead, held);
    await expectToRepeat(bench, all, bench.ghl.withdrawLead, held);
    expect((await chelsea()).find((each) => each.id === other.id)).toEqual(other);
    const notes = await bench.simulator.listNotes(agency.ghlLocation('chelsea'));
    expect(notes.filter((note) => note.contactId === other.id)).toEqual([]);
  });
});

describe('a person without phone and e-mail', () => {
  it('gets no contact, for a repeat could not find it and would make another', async () => {
    const { bench, agency } = all;
    const lead = await agency.received({ firstName: 'Nemo', email: 'not an address', postcode: '10011' }, 'east');
    const route = await run(bench.leads.routeLead, { ...lead, reroute: false });
    expect(route).toMatchObject({ outcome: 'reserved', repId: agency.rep('east-desk') });
    const assignmentId = route.outcome === 'reserved' ? route.assignmentId : 'none';
    await expectToRepeat(bench, all, bench.ghl.placeLead, { ...lead, assignmentId });
    expect(await bench.simulator.listContacts(agency.ghlLocation('east'))).toEqual([]);
  });
});

describe('a new person', () => {
  it('whom GHL has made a contact although it answers 422 has that contact', async () => {
    const { bench, agency } = all;
    await bench.simulator.addFault({ createdBut422: true, times: 1, path: '/contacts/upsert' });
    const { contact } = await place({ ...somebody(), firstName: 'Refused' });
    expect(contact).toMatchObject({ firstName: 'Refused', assignedTo: agency.ghlUser('dan') });
    expect((await chelsea()).filter((each) => each.firstName === 'Refused')).toHaveLength(1);
  });

  it('becomes one contact when five attempts run at the same moment', async () => {
    const { bench, agency } = all;
    const body = { ...somebody('10011'), firstName: 'Simultaneous' };
    const held = await agency.reserved(body);
    await Promise.all([1, 2, 3, 4, 5].map((attempt) => run(bench.ghl.placeLead, held, { attempt })));
    expect((await chelsea()).filter((each) => each.firstName === 'Simultaneous')).toHaveLength(1);
  });
});

describe('a known contact that GHL has no more', () => {
  /** A lead that came in as a contact of the region, and goes to its desk. */
  async function atTheDesk() {
    const { bench, agency } = all;
    const locationId = agency.ghlLocation('east');
    const person = somebody();
    const contact = await bench.simulator.createContact({ locationId, ...person });
    const lead = await agency.cameAs({ ...person, id: contact.id }, 'east');
    const route = await run(bench.leads.routeLead, { ...lead, reroute: false });
    if (route.outcome !== 'reserved') throw new Error(route.outcome);
    expect(route.repId).toBe(agency.rep('east-desk'));
    return { person, contact, held: { ...lead, assignmentId: route.assignmentId } };
  }
  const deletedByPerson = (id: string, from: string) => all.agency.event({ type: 'ContactDelete', id }, from);
  const contactOf = async ({ leadId, assignmentId }: { leadId: string; assignmentId: string }) =>
    (await all.agency.assignments(leadId)).find((each) => each.id === assignmentId)?.ghl_contact_id;
  const inEast = async (person: { email: string }) =>
    (await all.bench.simulator.listContacts(all.agency.ghlLocation('east'))).filter(
      (each) => each.email === person.email,
    );

  it('because it was merged into another one is that one', async () => {
    const { bench, agency } = all;
    const { person, contact, held } = await atTheDesk();
    await bench.simulator.deleteContact(contact.id);
    const kept = await bench.simulator.createContact({ locationId: agency.ghlLocation('east'), email: person.email });
    await expectToRepeat(bench, all, bench.ghl.placeLead, held);
    expect(await contactOf(held)).toBe(kept.id);
    expect(await inEast(person)).toMatchObject([{ id: kept.id, assignedTo: agency.ghlUser('east-desk') }]);
  });

  it('and whose person nobody is there for is made again, and the location keeps the lead', async () => {
    const { bench } = all;
    const { person, contact, held } = await atTheDesk();
    await bench.simulator.deleteContact(contact.id);
    await expectToRepeat(bench, all, bench.ghl.placeLead, held);
    const made = await inEast(person);
    expect(made).toHaveLength(1);
    expect(await contactOf(held)).toBe(made[0]?.id);
  });

  it('because a person has deleted it is not made again: nobody is told, and the event ends the lead', async () => {
    const { bench, agency } = all;
    const { person, contact, held } = await atTheDesk();
    await bench.simulator.deleteContact(contact.id);
    await deletedByPerson(contact.id, 'east');
    await expectToRepeat(bench, all, bench.ghl.placeLead, held);
    await run(bench.leads.confirmAssignment, held);
    await expectToRepeat(bench, all, bench.ghl.explainLead, held);
    await expectToRepeat(bench, all, bench.ghl.notifyRep, held);
    expect(await inEast(person)).toEqual([]);
    const change = { kind: 'contact-deleted' as const, ghlContactId: contact.id };
    expect(await run(bench.leads.applyChange, { ...held, change })).toMatchObject({ action: 'closed' });
    expect((await agency.get(held.leadId)).close_reason).toBe('contact-deleted');
  });

  it('because a person has deleted it ends the lead also while that is handed to another rep', async () => {
    const { bench, agency } = all;
    const held = await agency.placed(somebody('02116'));
    const ghlContactId = (await contactOf(held))!;
    await bench.simulator.deleteContact(ghlContactId);
    await deletedByPerson(ghlContactId, 'back-bay');
    const other = (await agency.get(held.leadId)).rep_id === agency.rep('ann') ? 'bob' : 'ann';
    const moved = await moveTo(held, other);
    expect(await contactOf(moved)).toBe(ghlContactId);
    const change = { kind: 'contact-deleted' as const, ghlContactId };
    expect(await run(bench.leads.applyChange, { ...held, change })).toMatchObject({ action: 'closed' });
  });

  it('because it was tidied away while the lead was elsewhere is made again when the lead comes back', async () => {
    const { bench, agency } = all;
    const person = somebody('10011');
    const held = await agency.placed(person);
    const first = (await contactOf(held))!;
    await moveTo(held, 'bob');
    await bench.simulator.deleteContact(first);
    await deletedByPerson(first, 'chelsea');
    const back = await moveTo(held, 'dan');
    const made = (await chelsea()).filter((each) => each.email === person.email);
    expect(made).toHaveLength(1);
    expect(await contactOf(back)).toBe(made[0]?.id);
  });
});

async function moveTo<Held extends { agencyId: string; leadId: string }>(held: Held, repKey: string) {
  const { bench, agency } = all;
  const request = { repId: agency.rep(repKey), force: true };
  const route = await run(bench.leads.reserveReassignment, { ...held, request });
  if (route.outcome !== 'reserved') throw new Error(route.reason);
  const moved = { ...held, assignmentId: route.assignmentId };
  await run(bench.ghl.placeLead, moved);
  await run(bench.leads.confirmAssignment, moved);
  return moved;
}

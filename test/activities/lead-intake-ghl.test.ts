import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../stack/activity-bench.ts';
import { somebody } from '../stack/lead-harness.ts';
import type { HeldLead } from './bench-agency.ts';
import { failureOf } from './failure.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { expectToRepeat } from './picture.ts';

let all: Neighbours;
beforeAll(async () => {
  all = await startNeighbours();
});
afterEach(() => all.bench.simulator.clearFaults());
afterAll(() => all.bench.stop());

/** What GHL shows of a lead's assignment. */
async function shownOf({ leadId, assignmentId }: HeldLead) {
  const { simulator } = all.bench;
  const assignment = (await all.agency.assignments(leadId)).find((each) => each.id === assignmentId);
  const contactId = assignment!.ghl_contact_id!;
  const of = <T extends { contactId: string }>(records: T[]): T[] =>
    records.filter((record) => record.contactId === contactId);
  return {
    assignment: assignment!,
    contact: (await simulator.listContacts()).find((contact) => contact.id === contactId)!,
    notes: of(await simulator.listNotes()),
    tasks: of(await simulator.listTasks()),
    opportunities: of(await simulator.listOpportunities()),
  };
}

/** Hands a lead to another rep and returns the slot it has then. */
async function moveTo(held: HeldLead, repKey: string): Promise<HeldLead> {
  const { bench, agency } = all;
  const request = { repId: agency.rep(repKey), force: true };
  const route = await run(bench.leads.reserveReassignment, { ...held, request });
  if (route.outcome !== 'reserved') throw new Error(route.reason);
  const moved = { ...held, assignmentId: route.assignmentId };
  await run(bench.ghl.placeLead, moved);
  await run(bench.leads.confirmAssignment, moved);
  await run(bench.ghl.explainLead, moved);
  await run(bench.ghl.notifyRep, moved);
  return moved;
}

const otherRepOf = async (held: HeldLead): Promise<'ann' | 'bob'> =>
  (await all.agency.get(held.leadId)).rep_id === all.agency.rep('ann') ? 'bob' : 'ann';

describe('what GHL is told of a lead', () => {
  it('is one contact, one note, one opportunity and one task, however often each step is repeated', async () => {
    const { bench, agency } = all;
    const held = await agency.reserved(somebody('02116'));
    await expectToRepeat(bench, all, bench.ghl.placeLead, held);
    await run(bench.leads.confirmAssignment, held);
    await expectToRepeat(bench, all, bench.ghl.explainLead, held);
    await expectToRepeat(bench, all, bench.ghl.notifyRep, held);
    const { contact, notes, tasks, opportunities, assignment } = await shownOf(held);
    expect([notes.length, tasks.length, opportunities.length]).toEqual([1, 1, 1]);
    expect(assignment).toMatchObject({
      ghl_note_id: notes[0]?.id,
      ghl_task_id: tasks[0]?.id,
      ghl_opportunity_id: opportunities[0]?.id,
    });
    expect(tasks[0]?.assignedTo).toBe(contact.assignedTo);
    expect(await expectToRepeat(bench, all, bench.ghl.readAssignedUser, held)).toEqual({
      ghlUserId: contact.assignedTo,
    });
  });

  it.each(['failAfterCommit', 'cutAfterCommit'] as const)(
    'is not told twice when GHL carried a call out and answers otherwise (%s)',
    async (effect) => {
      const { bench, agency } = all;
      const held = await agency.reserved(somebody('02116'));
      const steps = [
        { activity: bench.ghl.placeLead, paths: ['/contacts/upsert'] },
        { activity: bench.ghl.explainLead, paths: ['/notes', '/opportunities/upsert'] },
        { activity: bench.ghl.notifyRep, paths: ['/tasks'] },
      ];
      for (const { activity, paths } of steps) {
        let attempt = 1;
        for (const path of paths) await bench.simulator.addFault({ [effect]: true, times: 1, path, method: 'POST' });
        for (; attempt <= paths.length; attempt += 1) {
          expect(await failureOf(run(activity, held, { attempt }))).toMatchObject({
            type: 'GhlUnavailable',
            nonRetryable: false,
          });
        }
        await run(activity, held, { attempt });
      }
      const { notes, tasks, opportunities } = await shownOf(held);
      expect([notes.length, tasks.length, opportunities.length]).toEqual([1, 1, 1]);
      const contacts = await bench.simulator.listContacts(agency.ghlLocation('back-bay'));
      const { person_id: personId } = await agency.get(held.leadId);
      const { email } = await bench.database.ownerDb
        .selectFrom('persons')
        .select('email')
        .where('id', '=', personId)
        .executeTakeFirstOrThrow();
      expect(contacts.filter((contact) => contact.email === email)).toHaveLength(1);
    },
  );

  it('is not told twice when we stop between GHL’s answer and our own note of it', async () => {
    const { bench, agency } = all;
    const held = await agency.told(somebody('02116'));
    await bench.database.ownerDb
      .updateTable('assignments')
      .set({ ghl_contact_id: null, ghl_note_id: null, ghl_task_id: null, ghl_opportunity_id: null })
      .where('id', '=', held.assignmentId)
      .execute();
    for (const activity of [bench.ghl.placeLead, bench.ghl.explainLead, bench.ghl.notifyRep]) {
      await run(activity, held, { attempt: 2 });
    }
    const { notes, tasks, opportunities } = await shownOf(held);
    expect([notes.length, tasks.length, opportunities.length]).toEqual([1, 1, 1]);
  });

  it('leaves an opportunity that the contact has open where its reps have moved it', async () => {
    const { bench, agency } = all;
    const held = await agency.told(somebody('02116'));
    const { opportunities } = await shownOf(held);
    await bench.simulator.updateOpportunity(opportunities[0]!.id, { name: 'A roof', monetaryValue: 900 });
    const to = await otherRepOf(held);
    const moved = await moveTo(held, to);
    const shown = await shownOf(moved);
    expect(shown.opportunities).toMatchObject([
      { id: opportunities[0]!.id, name: 'A roof', monetaryValue: 900, assignedTo: agency.ghlUser(to), status: 'open' },
    ]);
  });

  it('is nothing once the slot was given back', async () => {
    const { bench, agency } = all;
    const held = await agency.reserved(somebody('10011'));
    await run(bench.leads.giveUpPlacement, { ...held, cause: 'GhlForbidden' });
    for (const activity of [bench.ghl.placeLead, bench.ghl.explainLead, bench.ghl.notifyRep]) {
      await expectToRepeat(bench, all, activity, held);
    }
    expect((await agency.assignments(held.leadId))[0]?.ghl_contact_id).toBeNull();
  });
});

describe('withdrawLead', () => {
  it('gives the contact back and abandons the opportunity once the lead is elsewhere', async () => {
    const { bench, agency } = all;
    const held = await agency.told(somebody('02116'));
    const moved = await moveTo(held, 'dan');
    await expectToRepeat(bench, all, bench.ghl.withdrawLead, held);
    const here = await shownOf(held);
    expect(here.contact.assignedTo ?? null).toBeNull();
    expect(here.opportunities).toMatchObject([{ status: 'abandoned' }]);
    expect((await shownOf(moved)).contact.assignedTo).toBe(agency.ghlUser('dan'));
  });

  it('changes nothing when the lead moved within its location', async () => {
    const { bench, agency } = all;
    const held = await agency.told(somebody('02116'));
    const to = await otherRepOf(held);
    const moved = await moveTo(held, to);
    await expectToRepeat(bench, all, bench.ghl.withdrawLead, held);
    const shown = await shownOf(moved);
    expect(shown.contact.assignedTo).toBe(agency.ghlUser(to));
    expect(shown.opportunities).toMatchObject([{ status: 'open', assignedTo: agency.ghlUser(to) }]);
    expect(shown.contact.id).toBe((await shownOf(held)).contact.id);
  });

  it('changes nothing when the lead has come back', async () => {
    const { bench, agency } = all;
    const held = await agency.told(somebody('02116'));
    const away = await moveTo(held, 'dan');
    await run(bench.ghl.withdrawLead, held);
    const back = await moveTo(away, 'bob');
    await expectToRepeat(bench, all, bench.ghl.withdrawLead, held);
    await run(bench.ghl.withdrawLead, away);
    const shown = await shownOf(back);
    expect(shown.contact.assignedTo).toBe(agency.ghlUser('bob'));
    expect(shown.opportunities).toMatchObject([{ status: 'open' }]);
    expect((await shownOf(away)).contact.assignedTo ?? null).toBeNull();
  });

  it('takes what a person deleted in GHL for withdrawn', async () => {
    const { bench, agency } = all;
    const held = await agency.told(somebody('02116'));
    await moveTo(held, 'dan');
    await bench.simulator.deleteContact((await shownOf(held)).contact.id);
    await expectToRepeat(bench, all, bench.ghl.withdrawLead, held);
  });

  it('changes nothing for a lead that waited with a master who is not connected to GHL', async () => {
    const { bench, agency } = all;
    const held = await agency.reserved(somebody('nowhere'));
    await run(bench.leads.confirmAssignment, held);
    const change = (ghlLocationId: string | null) =>
      bench.database.ownerDb
        .updateTable('locations')
        .set({ ghl_location_id: ghlLocationId })
        .where('id', '=', agency.location('master'))
        .execute();
    await change(null);
    await expectToRepeat(bench, all, bench.ghl.withdrawLead, held);
    await expectToRepeat(bench, all, bench.ghl.finishLead, held);
    expect(await expectToRepeat(bench, all, bench.ghl.readAssignedUser, held)).toEqual({ ghlUserId: null });
    const failure = await failureOf(run(bench.ghl.placeLead, held));
    expect(failure).toMatchObject({ type: 'LocationNotConnected', nonRetryable: true });
    await change(agency.ghlLocation('master'));
  });
});

describe('finishLead', () => {
  it('ends the opportunity as the lead was ended', async () => {
    const { bench, agency } = all;
    const held = await agency.told(somebody('02116'));
    await run(bench.leads.closeLead, { ...held, closeReason: 'lost', actor: 'test' });
    await expectToRepeat(bench, all, bench.ghl.finishLead, held);
    expect((await shownOf(held)).opportunities).toMatchObject([{ status: 'lost' }]);
  });

  it('leaves the opportunity of a lead that has merely grown old', async () => {
    const { bench, agency } = all;
    const held = await agency.told(somebody('02116'));
    await run(bench.leads.closeLead, { ...held, closeReason: 'expired', actor: 'system' });
    await expectToRepeat(bench, all, bench.ghl.finishLead, held);
    expect((await shownOf(held)).opportunities).toMatchObject([{ status: 'open' }]);
  });
});

describe('rereadContact', () => {
  it('takes the contact from GHL in place of a cut payload, and the lead can be routed', async () => {
    const { bench, agency } = all;
    const contact = await bench.simulator.createContact({
      locationId: agency.ghlLocation('master'),
      firstName: 'Cut',
      email: 'cut@x.test',
      postalCode: '10011',
    });
    const lead = await agency.cut(contact.id);
    await run(bench.ghl.rereadContact, lead);
    await Promise.all([1, 2, 3, 4, 5].map((attempt) => run(bench.ghl.rereadContact, lead, { attempt })));
    const route = await expectToRepeat(bench, all, bench.leads.routeLead, { ...lead, reroute: false });
    expect(route).toMatchObject({ outcome: 'reserved', repId: agency.rep('dan') });
  });

  it('refuses for good when GHL has no such contact, or the lead did not come as one', async () => {
    const { bench, agency } = all;
    const deleted = await agency.cut('no-such-contact');
    expect(await failureOf(run(bench.ghl.rereadContact, deleted))).toMatchObject({ type: 'GhlNotFound' });
    const byApi = await agency.received(somebody('10011'));
    const failure = await failureOf(run(bench.ghl.rereadContact, byApi));
    expect(failure).toMatchObject({ type: 'LeadContactUnknown', nonRetryable: true });
  });
});

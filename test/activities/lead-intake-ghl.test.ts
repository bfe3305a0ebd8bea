import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../stack/activity-bench.ts';
import { somebody } from '../stack/lead-harness.ts';
import type { HeldLead } from './bench-agency.ts';
import { failureOf } from './failure.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { moveTo, otherRepOf, readShown } from './lead-moves.ts';
import { expectToRepeat } from './picture.ts';

let all: Neighbours;
beforeAll(async () => {
  all = await startNeighbours();
});
afterEach(() => all.bench.simulator.clearFaults());
afterAll(() => all.bench.stop());

const shownOf = (held: HeldLead) => readShown(all, held);

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
        for (const path of paths) await bench.simulator.addFault({ [effect]: true, times: 1, path, method: 'POST' });
        expect(await failureOf(run(activity, held, { attempt: 1 }))).toMatchObject({
          type: 'GhlUnavailable',
          nonRetryable: false,
        });
        await run(activity, held, { attempt: 2 });
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
    const to = await otherRepOf(all, held);
    const moved = await moveTo(all, held, to);
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

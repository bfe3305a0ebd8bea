import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../stack/activity-bench.ts';
import { somebody } from '../stack/lead-harness.ts';
import type { HeldLead } from './bench-agency.ts';
import { failureOf } from './failure.ts';
import { moveTo, otherRepOf, readShown } from './lead-moves.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { expectToRepeat } from './picture.ts';

let all: Neighbours;
beforeAll(async () => {
  all = await startNeighbours();
});
afterEach(() => all.bench.simulator.clearFaults());
afterAll(() => all.bench.stop());

const shownOf = (held: HeldLead) => readShown(all, held);

describe('withdrawLead', () => {
  it('gives the contact back and abandons the opportunity once the lead is elsewhere', async () => {
    const { bench, agency } = all;
    const held = await agency.told(somebody('02116'));
    const moved = await moveTo(all, held, 'dan');
    await expectToRepeat(bench, all, bench.ghl.withdrawLead, held);
    const here = await shownOf(held);
    expect(here.contact.assignedTo ?? null).toBeNull();
    expect(here.opportunities).toMatchObject([{ status: 'abandoned' }]);
    expect(here.tasks).toMatchObject([{ completed: true }]);
    expect((await shownOf(moved)).contact.assignedTo).toBe(agency.ghlUser('dan'));
  });

  it('takes only the rep’s task back when the lead moved within its location', async () => {
    const { bench, agency } = all;
    const held = await agency.told(somebody('02116'));
    const to = await otherRepOf(all, held);
    const moved = await moveTo(all, held, to);
    await expectToRepeat(bench, all, bench.ghl.withdrawLead, held);
    const shown = await shownOf(moved);
    expect(shown.contact.assignedTo).toBe(agency.ghlUser(to));
    expect(shown.opportunities).toMatchObject([{ status: 'open', assignedTo: agency.ghlUser(to) }]);
    expect(shown.contact.id).toBe((await shownOf(held)).contact.id);
    const open = shown.tasks.filter((task) => !task.completed);
    expect(open).toMatchObject([{ assignedTo: agency.ghlUser(to) }]);
    expect(shown.tasks).toHaveLength(2);
  });

  it('leaves contact and opportunity as they are when the lead moved within its location and was won before that', async () => {
    const { bench, agency } = all;
    const held = await agency.told(somebody('02116'));
    const to = await otherRepOf(all, held);
    const moved = await moveTo(all, held, to);
    const { id } = (await shownOf(moved)).opportunities[0]!;
    await bench.simulator.updateOpportunity(id, { status: 'won' });
    await run(bench.leads.closeLead, { ...held, closeReason: 'won', actor: 'ghl' });
    await expectToRepeat(bench, all, bench.ghl.withdrawLead, held);
    const shown = await shownOf(moved);
    expect(shown.contact.assignedTo).toBe(agency.ghlUser(to));
    expect(shown.opportunities).toMatchObject([{ status: 'won', assignedTo: agency.ghlUser(to) }]);
    const open = shown.tasks.filter((task) => !task.completed);
    expect(open).toMatchObject([{ assignedTo: agency.ghlUser(to) }]);
  });

  it('takes nothing of a lead that has come back but the earlier task', async () => {
    const { bench, agency } = all;
    const held = await agency.told(somebody('02116'));
    const away = await moveTo(all, held, 'dan');
    await run(bench.ghl.withdrawLead, held);
    const back = await moveTo(all, away, 'bob');
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
    await moveTo(all, held, 'dan');
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
  it('ends the opportunity as the lead was ended, and asks nobody any more to get in touch', async () => {
    const { bench, agency } = all;
    const held = await agency.told(somebody('02116'));
    await run(bench.leads.closeLead, { ...held, closeReason: 'lost', actor: 'test' });
    await expectToRepeat(bench, all, bench.ghl.finishLead, held);
    const shown = await shownOf(held);
    expect(shown.opportunities).toMatchObject([{ status: 'lost' }]);
    expect(shown.tasks).toMatchObject([{ completed: true }]);
  });

  it('ends the opportunity also when the lead was closed before GHL was told that it moved', async () => {
    const { bench, agency } = all;
    const held = await agency.told(somebody('02116'));
    const request = { repId: agency.rep(await otherRepOf(all, held)), force: true };
    const route = await run(bench.leads.reserveReassignment, { ...held, request });
    if (route.outcome !== 'reserved') throw new Error(route.reason);
    const moved = { ...held, assignmentId: route.assignmentId };
    await run(bench.ghl.placeLead, moved);
    await run(bench.leads.confirmAssignment, moved);
    await run(bench.leads.closeLead, { ...held, closeReason: 'won', actor: 'test' });
    await run(bench.ghl.explainLead, moved);
    await run(bench.ghl.notifyRep, moved);
    await run(bench.ghl.withdrawLead, held);
    await expectToRepeat(bench, all, bench.ghl.finishLead, moved);
    const shown = await shownOf(moved);
    expect(shown.opportunities).toMatchObject([{ status: 'won' }]);
    expect(shown.tasks).toMatchObject([{ completed: true }]);
  });

  it('leaves the opportunity of a lead that has merely grown old', async () => {
    const { bench, agency } = all;
    const held = await agency.told(somebody('02116'));
    await run(bench.leads.closeLead, { ...held, closeReason: 'expired', actor: 'system' });
    await expectToRepeat(bench, all, bench.ghl.finishLead, held);
    expect((await shownOf(held)).opportunities).toMatchObject([{ status: 'open' }]);
  });
});

describe('handOver', () => {
  it('gives the opportunity to whom somebody gave the contact in GHL', async () => {
    const { bench, agency } = all;
    const held = await agency.told(somebody('02116'));
    const to = await otherRepOf(all, held);
    const adopted = await run(bench.leads.adoptReassignment, { ...held, ghlUserId: agency.ghlUser(to) });
    const moved = { ...held, assignmentId: adopted.assignmentId! };
    await expectToRepeat(bench, all, bench.ghl.handOver, moved);
    await expectToRepeat(bench, all, bench.ghl.handOver, held);
    const shown = await shownOf(moved);
    expect(shown.opportunities).toMatchObject([{ status: 'open', assignedTo: agency.ghlUser(to) }]);
  });
});

describe('undoPlacement', () => {
  it('takes the contact from a rep who did not get the lead, when GHL placed it and its answer was lost', async () => {
    const { bench, agency } = all;
    const person = somebody('10011');
    const held = await agency.reserved(person);
    await bench.simulator.addFault({ cutAfterCommit: true, path: '/contacts/upsert', times: 1 });
    await failureOf(run(bench.ghl.placeLead, held));
    const contact = async () =>
      (await bench.simulator.listContacts(agency.ghlLocation('chelsea'))).find(({ email }) => email === person.email)!;
    expect((await contact()).assignedTo).toBe(agency.ghlUser('dan'));
    await run(bench.leads.giveUpPlacement, { ...held, cause: 'test' });
    await expectToRepeat(bench, all, bench.ghl.undoPlacement, held);
    expect((await contact()).assignedTo ?? null).toBeNull();
  });

  it('leaves a contact alone that a person gave to somebody else meanwhile, and a placement that counts', async () => {
    const { bench, agency } = all;
    const held = await agency.reserved(somebody('02116'));
    await run(bench.ghl.placeLead, held);
    await expectToRepeat(bench, all, bench.ghl.undoPlacement, held);
    const mine = (await shownOf(held)).contact;
    expect(mine.assignedTo).toBeTruthy();
    const other = [agency.ghlUser('ann'), agency.ghlUser('bob')].find((user) => user !== mine.assignedTo)!;
    await bench.simulator.updateContact(mine.id, { assignedTo: other });
    await run(bench.leads.giveUpPlacement, { ...held, cause: 'test' });
    await expectToRepeat(bench, all, bench.ghl.undoPlacement, held);
    expect((await shownOf(held)).contact.assignedTo).toBe(other);
  });

  it('shows the rep who has the lead where it was to move within its location', async () => {
    const { bench, agency } = all;
    const held = await agency.told(somebody('02116'));
    const holder = (await shownOf(held)).contact.assignedTo;
    const request = { repId: agency.rep(await otherRepOf(all, held)), force: true };
    const route = await run(bench.leads.reserveReassignment, { ...held, request });
    if (route.outcome !== 'reserved') throw new Error(route.reason);
    const moved = { ...held, assignmentId: route.assignmentId };
    await run(bench.ghl.placeLead, moved);
    expect((await shownOf(held)).contact.assignedTo).not.toBe(holder);
    await run(bench.leads.giveUpPlacement, { ...moved, cause: 'test' });
    await expectToRepeat(bench, all, bench.ghl.undoPlacement, moved);
    expect((await shownOf(held)).contact.assignedTo).toBe(holder);
  });
});

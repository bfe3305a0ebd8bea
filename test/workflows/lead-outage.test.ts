import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LeadPendingError } from '../../client.ts';
import { createLeadHarness, type LeadHarness, somebody } from '../stack/lead-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { waitFor } from '../stack/wait.ts';

let system: TestSystem;
let leads: LeadHarness;
beforeAll(async () => {
  // GHL is looked for again soon after it is back; the usual 30 s would be waiting and no more.
  system = await startTestSystem({ ghl: { breaker: { openMs: 1_000 } } });
  leads = createLeadHarness(system, await system.plant(smallAgency('one')));
  await system.startWorkers();
});
afterEach(() => system.simulator.clearFaults());
afterAll(() => system.stop());

const assigned = async (postcode: string): Promise<string> => {
  const leadId = await leads.start(somebody(postcode));
  await leads.inState(leadId, 'assigned');
  return leadId;
};
const of = (leadId: string) => ({ agencyId: leads.agencyId, leadId, updateId: crypto.randomUUID() });
const openTasksOf = async (location: string, rep: string): Promise<string[]> => {
  const tasks = await system.simulator.listTasks(`one-loc-${location}`);
  return tasks.filter((task) => task.assignedTo === `one-user-${rep}` && !task.completed).map(({ id }) => id);
};
const heldSlots = (leadId: string) =>
  system.database.ownerDb
    .selectFrom('assignments')
    .select(['rep_id', 'state'])
    .where('lead_id', '=', leadId)
    .where('state', '<>', 'released')
    .execute();

describe('a placement that is given up', () => {
  it('leaves nobody in GHL with a lead that went elsewhere, also when GHL did it and its answer was lost', async () => {
    const before = new Set((await system.simulator.listContacts('one-loc-chelsea')).map((contact) => contact.id));
    await system.simulator.addFault({ cutAfterCommit: true, path: '/contacts/upsert', times: 1 });
    await system.simulator.addFault({ status: 403, method: 'PUT', locationId: 'one-loc-chelsea', times: 1 });
    const leadId = await leads.start(somebody('10011'));
    await leads.withRep(leadId, 'east-desk');
    const [left] = (await system.simulator.listContacts('one-loc-chelsea')).filter(({ id }) => !before.has(id));
    expect(left).toBeDefined();
    await waitFor('the contact to show nobody', async () => {
      const contacts = await system.simulator.listContacts('one-loc-chelsea');
      return !contacts.find(({ id }) => id === left!.id)?.assignedTo;
    });
  });

  it('shows the rep who has it where a reassignment within the location was given up', async () => {
    const leadId = await assigned('02116');
    const { rep_id: before } = (await leads.get(leadId))!;
    const [other, holder] = before === leads.rep('ann') ? (['bob', 'ann'] as const) : (['ann', 'bob'] as const);
    const row = await system.database.ownerDb
      .selectFrom('assignments')
      .select('ghl_contact_id')
      .where('lead_id', '=', leadId)
      .executeTakeFirstOrThrow();
    await system.simulator.addFault({
      cutAfterCommit: true,
      method: 'PUT',
      path: `/contacts/${row.ghl_contact_id}$`,
      times: 1,
    });
    await system.simulator.addFault({ status: 403, method: 'PUT', path: `/contacts/${row.ghl_contact_id}$`, times: 1 });
    const asked = { ...of(leadId), request: { repId: leads.rep(other), actor: 'test' } };
    await expect(system.client.reassignLead(asked)).rejects.toMatchObject({ code: 'not-placed' });
    expect((await leads.get(leadId))?.rep_id).toBe(before);
    await waitFor('the contact to show who has it', async () => {
      const contacts = await system.simulator.listContacts('one-loc-back-bay');
      return contacts.find(({ id }) => id === row.ghl_contact_id)?.assignedTo === `one-user-${holder}`;
    });
  });

  it('holds no slot and is a dead letter when an operator cancels the workflow meanwhile', async () => {
    await system.simulator.addFault({ status: 500, path: '/contacts/', locationId: 'one-loc-chelsea' });
    const leadId = await leads.start(somebody('10011'));
    await waitFor('a reserved slot', async () => (await heldSlots(leadId))[0]?.state === 'reserved');
    const handle = system.client.temporal.workflow.getHandle(`lead-intake/${leads.agencyId}/${leadId}`);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    expect(await heldSlots(leadId)).toEqual([]);
    const letters = await system.database.ownerDb
      .selectFrom('dead_letters')
      .select('cause')
      .where('subject_id', '=', leadId)
      .execute();
    expect(letters).toEqual([{ cause: 'stuck' }]);

    // As the letter says, when it was a mistake.
    await system.simulator.clearFaults();
    const { events } = await handle.fetchHistory();
    await system.client.temporal.workflowService.resetWorkflowExecution({
      namespace: system.namespace,
      workflowExecution: { workflowId: handle.workflowId },
      reason: 'cancelled',
      requestId: crypto.randomUUID(),
      workflowTaskFinishEventId: events!.find((event) => event.workflowTaskCompletedEventAttributes)!.eventId!,
    });
    await leads.withRep(leadId, 'dan');
  });
});

describe('while GHL is away', () => {
  it('a lead that is assigned is accepted and closed at once, and GHL is told afterwards', async () => {
    await system.simulator.addFault({ status: 500, path: '/notes$' });
    const leadId = await assigned('02116');
    const accepted = await system.client.acceptLead({ ...of(leadId), request: { actor: 'test' } });
    const closed = await system.client.closeLead({ ...of(leadId), request: { outcome: 'won', actor: 'test' } });
    expect([accepted.status, closed.status]).toEqual(['accepted', 'closed']);
    // GHL is still away: none of them waited for it.
    const handle = system.client.temporal.workflow.getHandle(`lead-intake/${leads.agencyId}/${leadId}`);
    expect((await handle.describe()).status.name).toBe('RUNNING');
    await system.simulator.clearFaults();
    await handle.result();
  });

  it('a reassignment is pending, goes on by itself, and its answer is there for who asks again', async () => {
    const leadId = await assigned('10011');
    await system.simulator.addFault({ status: 500, path: '/contacts/', locationId: 'one-loc-cambridge' });
    const asked = { ...of(leadId), request: { repId: leads.rep('cid'), actor: 'test' } };
    await expect(system.client.reassignLead(asked)).rejects.toThrow(LeadPendingError);
    expect((await leads.get(leadId))?.rep_id).toBe(leads.rep('dan'));
    await system.simulator.clearFaults();
    await leads.withRep(leadId, 'cid');
    expect(await system.client.reassignLead(asked)).toMatchObject({ repId: leads.rep('cid') });
    const decisions = await system.database.ownerDb
      .selectFrom('decisions')
      .select('kind')
      .where('lead_id', '=', leadId)
      .where('kind', '=', 'reassign')
      .execute();
    expect(decisions).toHaveLength(1);
  });

  it('in one location, the rep of another is told all the same', async () => {
    // Tasks of the leads before may still be taken back meanwhile.
    const before = new Set([...(await openTasksOf('chelsea', 'dan')), ...(await openTasksOf('back-bay', 'bob'))]);
    const newTasksOf = async (location: string, rep: string): Promise<number> =>
      (await openTasksOf(location, rep)).filter((id) => !before.has(id)).length;
    const leadId = await assigned('10011');
    await waitFor('the first rep’s task', async () => (await newTasksOf('chelsea', 'dan')) > 0);
    await system.simulator.addFault({ status: 500, locationId: 'one-loc-chelsea' });
    for (const rep of ['cid', 'bob']) {
      const request = { repId: leads.rep(rep), actor: 'test', force: true };
      await system.client.reassignLead({ ...of(leadId), request });
    }
    await waitFor('the last rep’s task', async () => (await newTasksOf('back-bay', 'bob')) > 0);
    expect(await newTasksOf('chelsea', 'dan')).toBe(1);
    await system.simulator.clearFaults();
    await waitFor('the first location to follow', async () => (await newTasksOf('chelsea', 'dan')) === 0);
  });
});

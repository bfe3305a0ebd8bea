import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { leadIntake } from '../../workflows/index.ts';
import { LEAD_WAY } from '../../workflows/lead-way.ts';
import { enquire } from '../stack/enquire.ts';
import { createLeadHarness, type LeadHarness, somebody } from '../stack/lead-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { waitFor, waitToPass } from '../stack/wait.ts';

let system: TestSystem;
let leads: LeadHarness;
beforeAll(async () => {
  system = await startTestSystem();
  leads = createLeadHarness(system, await system.plant(smallAgency('one')));
  await system.startWorkers();
});
afterAll(() => system.stop());

const listDeadLetters = () => system.database.ownerDb.selectFrom('dead_letters').selectAll().execute();

describe('a lead', () => {
  it('goes to the nearest location and its next rep, and GHL shows contact, note, task and opportunity', async () => {
    const enquiry = { ...somebody('02116'), phone: '(617) 555-0123' };
    const leadId = await leads.start(enquiry);
    const lead = await leads.inState(leadId, 'assigned');
    expect(lead.location_id).toBe(leads.location('back-bay'));
    await waitFor('the task', async () => (await system.simulator.listTasks('one-loc-back-bay')).length === 1);
    const [contact] = await system.simulator.listContacts('one-loc-back-bay');
    expect(contact).toMatchObject({ email: enquiry.email, phone: '+16175550123', assignedTo: 'one-user-ann' });
    const [note] = await system.simulator.listNotes('one-loc-back-bay');
    expect(note?.body).toContain('this is the nearest location');
    expect(await system.simulator.listOpportunities('one-loc-back-bay')).toMatchObject([
      { status: 'open', contactId: contact?.id, assignedTo: 'one-user-ann' },
    ]);
    // Its workflow hears of it when the step that also tells the rep has ended.
    const standing = await waitFor('its workflow to know', async () => {
      const known = await system.client.leadState({ agencyId: leads.agencyId, leadId });
      return known.status === 'assigned' && known;
    });
    expect(standing.repId).toBe(leads.rep('ann'));
    expect(await leads.timeline(leadId)).toEqual(['recognised', 'routed', 'assigned']);
  });

  it('stores every candidate of its decision with the reason', async () => {
    const leadId = await leads.start(somebody('10011'));
    await leads.inState(leadId, 'assigned');
    const decisions = await system.database.ownerDb
      .selectFrom('decisions')
      .selectAll()
      .where('lead_id', '=', leadId)
      .execute();
    expect(decisions).toHaveLength(1);
    const [decision] = decisions;
    expect(decision).toMatchObject({ rule_version: 'nearest-1', step: 'nearest', reason: 'nearest-location' });
    const candidates = decision!.candidates as { locationId: string; kind: string; reason: string }[];
    const locations = candidates.filter((candidate) => candidate.kind !== 'rep');
    expect(locations).toHaveLength(5);
    expect(locations.find((candidate) => candidate.locationId === leads.location('back-bay'))?.reason).toBe(
      'outside-radius',
    );
  });

  it('gives the last slot to one of many who come at the same moment, and sends the others on', async () => {
    const leadIds = await Promise.all(Array.from({ length: 6 }, () => leads.start(somebody('02139'))));
    const ended = await Promise.all(leadIds.map((leadId) => leads.inState(leadId, 'assigned')));
    const atCambridge = ended.filter((lead) => lead.location_id === leads.location('cambridge'));
    expect(atCambridge).toHaveLength(1);
    expect(ended.filter((lead) => lead.location_id === leads.location('back-bay'))).toHaveLength(5);
    expect(await leads.heldBy('cid')).toBe(1);
  });

  it('of one person from two sources at once is one assignment, and the other lead joins it', async () => {
    const person = somebody('02116');
    const [first, second] = await Promise.all([
      leads.start(person),
      leads.start({ ...person, source: 'website form' }),
    ]);
    const states = await waitFor('both to be decided', async () => {
      const both = await Promise.all([leads.get(first), leads.get(second)]);
      return both.every((lead) => lead?.state === 'assigned' || lead?.state === 'closed') && both;
    });
    const [open] = states.filter((lead) => lead?.state === 'assigned');
    const [joined] = states.filter((lead) => lead?.state === 'closed');
    expect(joined).toMatchObject({ close_reason: 'duplicate', duplicate_of: open?.id });
    expect(await leads.timeline(open!.id)).toContain('asked-again');
    const contacts = await system.simulator.listContacts('one-loc-back-bay');
    expect(contacts.filter((contact) => contact.email === person.email)).toHaveLength(1);
  });

  it('of two strangers who share an office phone are two leads', async () => {
    const phone = '(617) 555-0188';
    const first = await leads.start({ ...somebody('02116'), firstName: 'Maria', phone });
    await leads.inState(first, 'assigned');
    const second = await leads.start({ ...somebody('02116'), firstName: 'Quentin', lastName: 'Other', phone });
    const lead = await leads.inState(second, 'assigned');
    expect(lead.person_id).not.toBe((await leads.get(first))?.person_id);
    const contacts = await waitFor('both contacts', async () => {
      const all = await system.simulator.listContacts('one-loc-back-bay');
      const two = all.filter((contact) => ['Maria', 'Quentin'].includes(contact.firstName ?? ''));
      return two.length === 2 && two;
    });
    expect(contacts.filter((contact) => contact.phone === '+16175550188')).toHaveLength(1);
  });

  it('with a postcode that cannot be read goes to the intake account or its fallbacks, and the reason is kept', async () => {
    const leadId = await leads.start(somebody('nowhere'));
    const lead = await leads.inState(leadId, 'queued');
    expect(lead).toMatchObject({ location_id: leads.location('master'), rep_id: null });
    const fromRegion = await leads.start(somebody('99999'), 'east');
    expect(await leads.inState(fromRegion, 'assigned')).toMatchObject({ rep_id: leads.rep('east-desk') });
  });

  it('that a location refuses for good goes to the next one, gives the slot back, and leaves a dead letter', async () => {
    await system.simulator.addFault({
      status: 403,
      message: 'The token does not have access to this location.',
      locationId: 'one-loc-chelsea',
    });
    const leadId = await leads.start(somebody('10011'));
    const lead = await leads.inState(leadId, 'assigned');
    await system.simulator.clearFaults();
    expect(lead.location_id).toBe(leads.location('east'));
    expect(await leads.timeline(leadId)).toEqual(['recognised', 'routed', 'not-placed', 'routed', 'assigned']);
    const letters = (await listDeadLetters()).filter((letter) => letter.subject_id === leadId);
    expect(letters).toMatchObject([{ capability: 'lead-intake', location_id: leads.location('chelsea') }]);
    expect(letters[0]?.cause).toContain('GhlForbidden');
    const held = await system.database.ownerDb
      .selectFrom('assignments')
      .select('location_id')
      .where('lead_id', '=', leadId)
      .where('state', '<>', 'released')
      .execute();
    expect(held).toEqual([{ location_id: leads.location('east') }]);
  });

  it('is put into GHL once, however often the calls fail half-way', async () => {
    const rounds = [
      { failAfterCommit: true, times: 1, method: 'POST', path: '/contacts/upsert' },
      { failAfterCommit: true, times: 1, method: 'POST', path: '/notes' },
      { failAfterCommit: true, times: 1, method: 'POST', path: '/tasks' },
      { status: 429, retryAfterSeconds: 1, times: 1, path: '/contacts/search/duplicate' },
    ];
    for (const fault of rounds) await system.simulator.addFault(fault);
    const person = somebody('02116');
    const leadId = await leads.start(person);
    await leads.inState(leadId, 'assigned');
    const contact = await waitFor('the contact', async () =>
      (await system.simulator.listContacts('one-loc-back-bay')).find((each) => each.email === person.email),
    );
    const ofContact = <T extends { contactId: string }>(all: T[]): T[] =>
      all.filter((each) => each.contactId === contact.id);
    await waitFor('the task', async () => ofContact(await system.simulator.listTasks('one-loc-back-bay')).length > 0);
    expect(ofContact(await system.simulator.listTasks('one-loc-back-bay'))).toHaveLength(1);
    expect(ofContact(await system.simulator.listNotes('one-loc-back-bay'))).toHaveLength(1);
    expect(
      (await system.simulator.listContacts('one-loc-back-bay')).filter((each) => each.email === person.email),
    ).toHaveLength(1);
    expect((await system.simulator.listFaults()).filter((fault) => fault.times !== 0)).toEqual([]);
  });

  it('is found and read in the Web UI without the code, and shows nothing of the person there', async () => {
    const person = somebody('02116');
    const leadId = await leads.start(person);
    await leads.inState(leadId, 'assigned');
    const workflowId = `lead-intake/${leads.agencyId}/${leadId}`;
    const query = `AgencyId = '${leads.agencyId}' AND LocationId = '${leads.location('back-bay')}' AND Capability = 'lead-intake' AND LeadStatus = 'assigned'`;
    await waitFor('the list to show it', async () => {
      for await (const found of system.client.temporal.workflow.list({ query })) {
        if (found.workflowId === workflowId) return true;
      }
      return false;
    });
    const handle = system.client.temporal.workflow.getHandle(workflowId);
    expect(await (await handle.describe()).staticSummary()).toBe('Lead by api');
    const { connection } = system.client.temporal;
    const description = await connection.workflowService.describeWorkflowExecution({
      namespace: system.namespace,
      execution: { workflowId },
    });
    const history = await handle.fetchHistory();
    const raw = JSON.stringify([description, history]);
    for (const value of [person.email, person.firstName, '02116']) expect(raw).not.toContain(value);
    // The payloads themselves are sealed.
    expect(raw).toContain(Buffer.from('binary/encrypted').toString('base64'));
  });

  it('of somebody who was won before opens a new opportunity, and the won one stays won', async () => {
    const person = somebody('02116');
    const opportunitiesOf = async () => {
      const contact = (await system.simulator.listContacts('one-loc-back-bay')).find(
        (each) => each.email === person.email,
      );
      const all = await system.simulator.listOpportunities('one-loc-back-bay');
      return all.filter((each) => each.contactId === contact?.id).map((each) => each.status);
    };
    const first = await leads.start(person);
    await leads.inState(first, 'assigned');
    await waitFor('the opportunity', async () => (await opportunitiesOf()).length === 1);
    await system.client.closeLead({
      updateId: crypto.randomUUID(),
      agencyId: leads.agencyId,
      leadId: first,
      request: { outcome: 'won', actor: 'test' },
    });
    await waitFor('it to be won', async () => (await opportunitiesOf())[0] === 'won');
    const second = await leads.start(person);
    await leads.inState(second, 'assigned');
    await waitFor('the second', async () => (await opportunitiesOf()).length === 2);
    expect((await opportunitiesOf()).sort()).toEqual(['open', 'won']);
  });

  it('is routed within its first workflow task, and costs 8 events until it is assigned and its rep told, and 13 in all', async () => {
    // A task that a busy machine takes seconds over is a further one: the cheapest of some leads tells what one costs.
    await waitToPass(async () => {
      const leadId = await leads.start(somebody('02116'));
      const handle = system.client.temporal.workflow.getHandle(`lead-intake/${leads.agencyId}/${leadId}`);
      // The timer is the last that a lead asks for before it waits for messages.
      const events = await waitFor('the lead to wait', async () => {
        const read = (await handle.fetchHistory()).events ?? [];
        return read.some((event) => event.timerStartedEventAttributes) && read;
      });
      expect((await leads.get(leadId))?.state).toBe('assigned');
      const asked = events.flatMap(({ activityTaskScheduledEventAttributes: step }) => step?.activityType?.name ?? []);
      expect(asked).toEqual(['assignAndTellLead']);
      const told = await system.database.ownerDb
        .selectFrom('assignments')
        .select(['ghl_note_id', 'ghl_task_id'])
        .where('lead_id', '=', leadId)
        .executeTakeFirstOrThrow();
      expect(Object.values(told)).not.toContain(null);
      const done = events.findIndex((event) => event.activityTaskCompletedEventAttributes);
      const tasks = events.filter((event) => event.workflowTaskCompletedEventAttributes);
      expect(tasks.filter(({ eventId }) => Number(eventId) < done)).toHaveLength(1);
      expect(done + 1).toBe(8);
      expect(events).toHaveLength(13);
    });
  });

  it('whose steps the worker does not know waits for one that does, and nothing is done', async () => {
    const { agencyId } = leads;
    const leadId = await enquire(system, agencyId, leads.location('master'), somebody('02116'));
    const handle = await system.client.temporal.workflow.start<typeof leadIntake>('leadIntake', {
      workflowId: `lead-intake/${agencyId}/${leadId}`,
      taskQueue: 'interactive',
      args: [{ agencyId, leadId, way: LEAD_WAY + 1 }],
    });
    const failed = await waitFor('its task to fail', async () => {
      const { events } = await handle.fetchHistory();
      return events?.find((event) => event.workflowTaskFailedEventAttributes)?.workflowTaskFailedEventAttributes;
    });
    expect(failed.failure?.message).toContain('does not know way');
    expect((await handle.describe()).status.name).toBe('RUNNING');
    expect((await leads.get(leadId))?.state).toBe('received');
    await handle.terminate();
  });

  it('ends when it has reached its greatest age', async () => {
    await system.database.ownerDb
      .updateTable('locations')
      .set({ lead_max_age_seconds: 2 })
      .where('id', '=', leads.location('chelsea'))
      .execute();
    const leadId = await leads.start(somebody('10011'));
    const lead = await leads.inState(leadId, 'closed');
    await system.database.ownerDb
      .updateTable('locations')
      .set({ lead_max_age_seconds: 2_592_000 })
      .where('id', '=', leads.location('chelsea'))
      .execute();
    expect(lead.close_reason).toBe('expired');
    expect(
      await system.database.ownerDb
        .selectFrom('assignments')
        .select('id')
        .where('lead_id', '=', leadId)
        .where('state', '<>', 'released')
        .execute(),
    ).toEqual([]);
  });
});

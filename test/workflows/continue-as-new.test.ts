import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContactChange } from '../../domain/contact-change.ts';
import { SEARCH_ATTRIBUTES, startTemporal, type Temporal } from '../../scripts/stack/temporal.ts';
import { createLeadHarness, type LeadHarness, somebody } from '../stack/lead-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { waitFor } from '../stack/wait.ts';
import { readRuns } from './told-runs.ts';

/** A server that asks for a new run after so few events that a test gets there; 4,096 otherwise. */
const SUGGESTED_AFTER_EVENTS = 60;
/** Signals that take a history well past that: each is an event, and what it leads to are more. */
const MANY = 24;

let folder: string;
let temporal: Temporal;
let system: TestSystem;
let leads: LeadHarness;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchyard-continue-'));
  temporal = await startTemporal({
    dataDir: folder,
    port: 0,
    namespace: 'default',
    searchAttributes: SEARCH_ATTRIBUTES,
    inMemory: true,
    settings: [`limit.historyCount.suggestContinueAsNew=${SUGGESTED_AFTER_EVENTS}`],
    log: () => {},
  });
  system = await startTestSystem({ temporalAddress: temporal.address });
  leads = createLeadHarness(system, await system.plant(smallAgency('one')));
  await system.startWorkers();
});
afterAll(async () => {
  await system.stop();
  await temporal.stop();
  await rm(folder, { recursive: true, force: true });
});

const runIdOf = async (workflowId: string): Promise<string> =>
  (await system.client.temporal.workflow.getHandle(workflowId).describe()).runId;

describe('a workflow whose history grows long', () => {
  it('of a lead goes on in new runs while messages wait, and obeys every one of them in order', async () => {
    const leadId = await leads.start(somebody('02116'));
    await leads.inState(leadId, 'assigned');
    const workflowId = `lead-intake/${leads.agencyId}/${leadId}`;
    const handle = system.client.temporal.workflow.getHandle(workflowId);
    await waitFor('the rep to be told', async () => (await system.simulator.listTasks('one-loc-back-bay')).length > 0);
    const seen = new Set([await runIdOf(workflowId)]);
    // All are refused, and each refusal is on the timeline: who is left out, or obeyed twice, shows.
    await Promise.all(Array.from({ length: MANY }, () => handle.signal('reassignLead', { repId: 'nobody' })));
    await handle.signal('reassignLead', { repId: leads.rep('dan') });
    await waitFor('the rep asked for last', async () => {
      seen.add(await runIdOf(workflowId));
      return (await leads.get(leadId))?.rep_id === leads.rep('dan');
    });
    const refused = (await leads.timeline(leadId)).filter((kind) => kind === 'reassign-refused');
    expect(refused).toHaveLength(MANY);
    expect(seen.size).toBeGreaterThan(1);
    expect(await system.client.leadState({ agencyId: leads.agencyId, leadId })).toMatchObject({ status: 'assigned' });

    // Terminated, it tells when the first of its runs began: what was handed to that one may be in the last one's hands.
    const [firstRunId = ''] = seen;
    const { startTime } = await system.client.temporal.workflow.getHandle(workflowId, firstRunId).describe();
    await handle.terminate('by hand');
    const time = { since: startTime, until: new Date(Date.now() + 60_000) };
    const ended = await waitFor('the list of ended workflows', async () =>
      (await system.client.listEndedWorkflows(['leadIntake'], time, 10)).find((each) => each.workflowId === workflowId),
    );
    expect(ended.startedAt).toEqual(startTime);
  });

  it('of a lead goes on once GHL has been told all that happened', async () => {
    const leadId = await leads.start(somebody('10011'));
    await leads.inState(leadId, 'assigned');
    const workflowId = `lead-intake/${leads.agencyId}/${leadId}`;
    const firstRunId = await runIdOf(workflowId);
    const handle = system.client.temporal.workflow.getHandle(workflowId);
    const order = Array.from({ length: 9 }, (_, at) => (at % 2 === 0 ? 'ann' : 'bob'));
    for (const repKey of order) await handle.signal('reassignLead', { repId: leads.rep(repKey) });
    await waitFor('a new run', async () => (await runIdOf(workflowId)) !== firstRunId);
    const entries = await system.database.ownerDb
      .selectFrom('lead_timeline')
      .select('detail')
      .where('lead_id', '=', leadId)
      .where('kind', '=', 'reassign')
      .orderBy('id')
      .execute();
    const moves = entries.map((entry) => (entry.detail as { repId: string }).repId);
    expect(moves).toEqual(order.map((repKey) => leads.rep(repKey)));
    const mine = (await leads.get(leadId))!;
    expect(mine.rep_id).toBe(leads.rep('ann'));
    const open = (await system.simulator.listTasks('one-loc-back-bay')).filter((task) => !task.completed);
    expect(open.filter((task) => task.assignedTo === 'one-user-ann').length).toBeGreaterThan(0);
    const here = (await system.simulator.listContacts('one-loc-back-bay')).map((contact) => contact.assignedTo);
    expect(here).toContain('one-user-ann');
  });

  it('of a lead answers every update that waits when its history is long enough', async () => {
    const leadId = await leads.start(somebody('02116'));
    await leads.inState(leadId, 'assigned');
    const workflowId = `lead-intake/${leads.agencyId}/${leadId}`;
    const firstRunId = await runIdOf(workflowId);
    const handle = system.client.temporal.workflow.getHandle(workflowId);
    const asked = { agencyId: leads.agencyId, leadId, request: { actor: 'test' } };
    await Promise.all(Array.from({ length: MANY }, () => handle.signal('reassignLead', { repId: 'nobody' })));
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((updateId) => system.client.acceptLead({ ...asked, updateId })),
    );
    expect(answers.map((answer) => answer.status)).toEqual(['accepted', 'accepted', 'accepted']);
    await waitFor('a new run', async () => (await runIdOf(workflowId)) !== firstRunId);
    expect((await leads.timeline(leadId)).filter((kind) => kind === 'reassign-refused')).toHaveLength(MANY);
    const closed = await system.client.closeLead({
      ...asked,
      request: { outcome: 'lost', actor: 'test' },
      updateId: 'd',
    });
    expect(closed).toMatchObject({ status: 'closed', closeReason: 'lost' });
  });

  it('of an account goes on in new runs and applies every event', async () => {
    const { agencyId } = leads;
    const locationId = leads.location('chelsea');
    const workflowId = `account-sync/${agencyId}/${locationId}`;
    // Rows that are gone: each leaves a dead letter of its own behind.
    const events = Array.from({ length: MANY }, () => ({
      eventRowId: uuidv7(),
      eventReceivedAt: new Date().toISOString(),
    }));
    await Promise.all(events.map((event) => system.client.accountEvent({ agencyId, locationId, event })));
    const seen = new Set([await runIdOf(workflowId)]);
    await waitFor('all events', async () => {
      seen.add(await runIdOf(workflowId));
      const letters = await system.database.ownerDb
        .selectFrom('dead_letters')
        .select('subject_id')
        .where('capability', '=', 'account-sync')
        .execute();
      return events.every(({ eventRowId }) => letters.some((letter) => letter.subject_id === eventRowId));
    });
    expect(seen.size).toBeGreaterThan(1);
  });

  it('of a contact goes on in new runs, loses none of a storm of signals and keeps their order', async () => {
    const { agencyId } = leads;
    const locationId = leads.location('chelsea');
    const ghlLocationId = 'one-loc-chelsea';
    await system.simulator.changeLocation(ghlLocationId, { rateLimit: { max: 10_000 } });
    const { postcode: _postcode, ...person } = somebody();
    const { id: ghlContactId } = await system.simulator.createContact({ locationId: ghlLocationId, ...person });
    const ids = Array.from({ length: 240 }, (_, index) => `storm-${index}`);
    await system.simulator.seed({
      opportunities: ids.map((id) => ({
        id,
        locationId: ghlLocationId,
        contactId: ghlContactId,
        pipelineId: 'one-pipe-back-bay',
        pipelineStageId: 'one-stage-back-bay',
        name: id,
      })),
    });
    // Every fourth is told of once more, when others have been told of since.
    const told = ids.flatMap((id, index) => (index % 4 === 3 ? [id, `storm-${index - 3}`] : [id]));
    for (const ghlId of told) {
      const change: ContactChange = { resource: 'opportunity', ghlId, ghlContactId };
      // As the inbox does: what was not heard to be taken is told again before the next.
      await waitFor('the signal to be taken', async () => {
        await system.client.contactChanged({ agencyId, locationId, changes: [change] });
        return true;
      });
    }
    expect(told).toHaveLength(300);

    const workflowId = `contact-sync/${locationId}/${ghlContactId}`;
    await system.client.temporal.workflow.getHandle(workflowId).result();
    const runs = await waitFor('every run in the list', async () => {
      const found = await readRuns(system, workflowId);
      return (
        found.at(-1)?.endedAs === 'completed' && found.flatMap(({ signals }) => signals).length >= told.length && found
      );
    });
    const namedIn = (change: unknown): string[] => [change as ContactChange].flat().map(({ ghlId }) => ghlId);
    const signalled = runs.flatMap(({ signals }) => signals.flatMap(namedIn));
    expect(inLastOrder(signalled)).toEqual(inLastOrder(told));
    const reads = runs.flatMap(({ activities }) => activities.filter(({ name }) => name === 'readChanges'));
    const read = reads.flatMap(({ input }) => namedIn((input as { changes: ContactChange[] }).changes));
    expect(inLastOrder(read)).toEqual(inLastOrder(told));
    // It went on while changes waited, more than once.
    const carried = runs.filter(({ input }) => ((input as { changes?: unknown[] }).changes ?? []).length > 0);
    expect(runs.filter(({ endedAs }) => endedAs === 'continued').length).toBeGreaterThan(1);
    expect(carried.length).toBeGreaterThan(0);
    const rows = await system.database.ownerDb
      .selectFrom('mirror_records')
      .select('ghl_id')
      .where('ghl_contact_id', '=', ghlContactId)
      .where('resource', '=', 'opportunity')
      .execute();
    expect(rows).toHaveLength(ids.length);
  });
});

/** Each name once, where it stands for the last time: it has to be read after it was told of last. */
const inLastOrder = (names: readonly string[]): string[] =>
  names.filter((name, index) => names.lastIndexOf(name) === index);

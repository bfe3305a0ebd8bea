import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStuckLeadWatch } from '../../api/stuck-leads.ts';
import { enquire } from '../stack/enquire.ts';
import { createLeadHarness, type LeadHarness, somebody } from '../stack/lead-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { waitFor } from '../stack/wait.ts';
import { type LiveSystem, startLiveSystem } from './live-system.ts';

let live: LiveSystem;
let leads: LeadHarness;
let key: string;
beforeAll(async () => {
  live = await startLiveSystem();
  leads = createLeadHarness(live, await live.plant(smallAgency('one')));
  key = await live.makeKey(leads.agencyId, 'agency');
}, 60_000);
afterAll(() => live.stop());

const handleOf = (leadId: string) => live.client.temporal.workflow.getHandle(`lead-intake/${leads.agencyId}/${leadId}`);
const assigned = async (): Promise<string> => {
  const leadId = await leads.start(somebody('02116'));
  await leads.inState(leadId, 'assigned');
  // What tells GHL is done too, so that the workflow rests.
  await waitFor('the rep to be told', () =>
    live.database.ownerDb
      .selectFrom('assignments')
      .select('id')
      .where('lead_id', '=', leadId)
      .where('ghl_task_id', 'is not', null)
      .executeTakeFirst(),
  );
  return leadId;
};
const lettersOf = (leadId: string) =>
  live.database.ownerDb.selectFrom('dead_letters').selectAll().where('subject_id', '=', leadId).execute();
const watch = () =>
  createStuckLeadWatch({
    db: live.database.db,
    client: live.client,
    logger: pino({ level: 'silent' }),
    now: () => new Date(),
  });
const accept = (leadId: string) => live.ask('POST', `/v1/leads/${leadId}/accept`, key);
/** Temporal's list of ended workflows follows a little later. */
const isListed = (leadId: string) =>
  waitFor('the list of ended workflows', async () =>
    (await live.client.listBrokenLeads(new Date(Date.now() - 60_000), 100)).some((lead) => lead.leadId === leadId),
  );

describe('an open lead whose workflow was terminated', () => {
  it('is found and goes to an operator once; reset as the letter says, it goes on and nothing is done twice', async () => {
    const leadId = await assigned();
    await handleOf(leadId).terminate('by hand');
    await isListed(leadId);
    const looks = watch();
    expect(await looks.check()).toBe(1);
    await looks.check();
    await watch().check();
    const letters = await lettersOf(leadId);
    expect(letters).toMatchObject([{ cause: 'stuck', capability: 'lead-intake' }]);
    expect(letters[0]!.advice).toContain('(terminated)');
    const answer = await accept(leadId);
    expect([answer.status, answer.body['code']]).toEqual([409, 'lead-stuck']);
    expect(await lettersOf(leadId)).toHaveLength(1);

    const notes = (await live.simulator.listNotes()).length;
    const tasks = (await live.simulator.listTasks()).length;
    const { workflowId } = handleOf(leadId);
    const { events } = await handleOf(leadId).fetchHistory();
    const first = events!.find((event) => event.workflowTaskCompletedEventAttributes)!.eventId!;
    await live.client.temporal.workflowService.resetWorkflowExecution({
      namespace: live.namespace,
      workflowExecution: { workflowId },
      reason: 'stuck',
      requestId: crypto.randomUUID(),
      workflowTaskFinishEventId: first,
    });
    await waitFor('the lead to answer', async () => (await accept(leadId)).status === 200);
    expect((await leads.get(leadId))?.state).toBe('accepted');
    expect([(await live.simulator.listNotes()).length, (await live.simulator.listTasks()).length]).toEqual([
      notes,
      tasks,
    ]);
    expect(await watch().check()).toBe(0);
  });

  it('is told apart from one that is over, of which nobody hears', async () => {
    const leadId = await assigned();
    await live.client.closeLead({
      updateId: crypto.randomUUID(),
      agencyId: leads.agencyId,
      leadId,
      request: { outcome: 'won', actor: 'test' },
    });
    const closed = await accept(leadId);
    expect([closed.status, closed.body['code']]).toEqual([409, 'lead-closed']);
    const other = await assigned();
    await live.database.ownerDb
      .updateTable('leads')
      .set({ state: 'closed', closed_at: new Date() })
      .where('id', '=', other)
      .execute();
    await handleOf(other).terminate('by hand');
    await isListed(other);
    await watch().check();
    expect([...(await lettersOf(leadId)), ...(await lettersOf(other))]).toEqual([]);
  });

  it('is left to the letter that says why it failed', async () => {
    const { agencyId } = leads;
    const locationId = leads.location('master');
    const leadId = await enquire(live, agencyId, locationId, somebody('02116'));
    const { event_row_id: eventId } = (await leads.get(leadId))!;
    await live.database.ownerDb.updateTable('events').set({ body: null }).where('id', '=', eventId).execute();
    await live.client.startLeadIntake({ agencyId, leadId, locationId, source: 'api' });
    await isListed(leadId);
    await watch().check();
    const answer = await accept(leadId);
    expect([answer.status, answer.body['code']]).toEqual([409, 'lead-stuck']);
    expect(await lettersOf(leadId)).toMatchObject([{ cause: 'unroutable:LeadEventGone' }]);
  });
});

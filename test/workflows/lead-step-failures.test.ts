import { WorkflowFailedError } from '@temporalio/client';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LeadRefusedError } from '../../client.ts';
import { seal } from '../../crypto/seal.ts';
import { lockRouting } from '../../db/routing.ts';
import { ghlIds } from '../../scripts/demo/agency-plan.ts';
import { createLeadHarness, type LeadHarness, somebody } from '../stack/lead-harness.ts';
import { enquire } from '../stack/enquire.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { waitFor } from '../stack/wait.ts';

let system: TestSystem;
let leads: LeadHarness;
beforeAll(async () => {
  system = await startTestSystem();
  leads = createLeadHarness(system, await system.plant(smallAgency('one')));
  await system.startWorkers();
});
afterAll(() => system.stop());

const broken: [string, string][] = [];
/** Makes Postgres refuse some rows, as a mistake in a release would. */
async function refuseRows(table: string, condition: string): Promise<void> {
  const name = `broken_${broken.length}`;
  broken.push([table, name]);
  await sql
    .raw(`alter table ${table} add constraint ${name} check (not (${condition})) not valid`)
    .execute(system.database.ownerDb);
}
async function mend(): Promise<void> {
  for (const [table, name] of broken.splice(0)) {
    await sql.raw(`alter table ${table} drop constraint ${name}`).execute(system.database.ownerDb);
  }
}
afterEach(mend);

const of = (leadId: string) => ({ agencyId: leads.agencyId, leadId });
const handleOf = (leadId: string) =>
  system.client.temporal.workflow.getHandle(`lead-intake/${leads.agencyId}/${leadId}`);
const lettersOf = async (leadId: string): Promise<string[]> => {
  const rows = await system.database.ownerDb
    .selectFrom('dead_letters')
    .select('cause')
    .where('subject_id', '=', leadId)
    .orderBy('id')
    .execute();
  return rows.map((row) => row.cause);
};
const refusal = async (call: Promise<unknown>): Promise<string> => {
  const error = await call.then(
    () => undefined,
    (refused: unknown) => refused,
  );
  return error instanceof LeadRefusedError ? error.code : `no refusal: ${String(error)}`;
};
const assigned = async (postcode = '02116'): Promise<string> => {
  const leadId = await leads.start(somebody(postcode));
  await leads.inState(leadId, 'assigned');
  return leadId;
};
/** A lead whose stored body opens for nobody. */
async function unreadable(): Promise<string> {
  const locationId = leads.location('master');
  const leadId = await enquire(system, leads.agencyId, locationId, somebody('02116'));
  const { event_row_id: eventId } = (await leads.get(leadId))!;
  await system.database.ownerDb
    .updateTable('events')
    .set({ body: seal(system.keys, Buffer.from('{}'), { agencyId: null, locationId: null, purpose: 'another' }) })
    .where('id', '=', eventId)
    .execute();
  await system.client.startLeadIntake({ ...of(leadId), locationId, source: 'api' });
  return leadId;
}

describe('a route', () => {
  it('that cannot be decided at once becomes a step that waits, and is decided once', async () => {
    const { ownerDb } = system.database;
    let leadId = '';
    // As another decision of the agency would that takes far too long.
    await ownerDb.transaction().execute(async (tx) => {
      await lockRouting(tx, leads.agencyId);
      leadId = await leads.start(somebody('02116'));
      const steps = async () => {
        const { events } = await handleOf(leadId).fetchHistory();
        return events?.flatMap(({ activityTaskScheduledEventAttributes: step }) => step?.activityType?.name ?? []);
      };
      await waitFor('the step', async () => (await steps())?.includes('routeLead'));
      expect(await steps()).toEqual(['routeLead']);
    });
    await leads.inState(leadId, 'assigned');
    const decisions = ownerDb.selectFrom('decisions').select('kind').where('lead_id', '=', leadId);
    expect(await decisions.execute()).toEqual([{ kind: 'route' }]);
    expect(await lettersOf(leadId)).toEqual([]);
  });
});

describe('a step that fails for good', () => {
  it('while a new lead is routed ends its workflow, and an operator hears of it', async () => {
    const leadId = await unreadable();
    await expect(handleOf(leadId).result()).rejects.toBeInstanceOf(WorkflowFailedError);
    expect(await lettersOf(leadId)).toEqual(['unroutable:Unseal']);
    expect(await leads.get(leadId)).toMatchObject({ state: 'received' });
  });

  it('after the route was chosen ends its workflow as well', async () => {
    await refuseRows('lead_timeline', `kind = 'assigned'`);
    const leadId = await leads.start(somebody('02116'));
    await expect(handleOf(leadId).result()).rejects.toBeInstanceOf(WorkflowFailedError);
    expect(await lettersOf(leadId)).toEqual(['unroutable:Postgres23514']);
  });

  it('ends the workflow although the dead letter cannot be written either', async () => {
    await refuseRows('dead_letters', `cause like 'unroutable:%'`);
    const leadId = await unreadable();
    await expect(handleOf(leadId).result()).rejects.toBeInstanceOf(WorkflowFailedError);
    expect(await lettersOf(leadId)).toEqual([]);
  });

  it('while a message is obeyed refuses that message only, and an operator hears of it once', async () => {
    const leadId = await assigned();
    await refuseRows('lead_timeline', `kind in ('accepted', 'closed', 'reassign')`);
    const accept = () =>
      system.client.acceptLead({ updateId: crypto.randomUUID(), ...of(leadId), request: { actor: 'test' } });
    const close = () =>
      system.client.closeLead({
        updateId: crypto.randomUUID(),
        ...of(leadId),
        request: { outcome: 'won', actor: 'test' },
      });
    expect(await refusal(accept())).toBe('internal-error');
    expect(await refusal(accept())).toBe('internal-error');
    expect(await refusal(close())).toBe('internal-error');
    const request = { repId: leads.rep('dan'), actor: 'test' };
    expect(await refusal(system.client.reassignLead({ ...of(leadId), request, updateId: 'first' }))).toBe(
      'internal-error',
    );
    expect((await lettersOf(leadId)).sort()).toEqual([
      'step:accept:Postgres23514',
      'step:close:Postgres23514',
      'step:reassign:Postgres23514',
    ]);
    await mend();
    expect(await accept()).toMatchObject({ status: 'accepted' });
    expect(await close()).toMatchObject({ status: 'closed', closeReason: 'won' });
  });

  it('while a signal is obeyed keeps the lead alive, also when the dead letter cannot be written', async () => {
    const leadId = await assigned();
    await refuseRows('lead_timeline', `kind = 'closed'`);
    const change = { kind: 'location-uninstalled' as const, locationId: leads.location('back-bay') };
    await system.client.changeLead({ ...of(leadId), change });
    await waitFor('the letter', async () => (await lettersOf(leadId)).includes('step:change:Postgres23514'));
    await system.database.ownerDb.deleteFrom('dead_letters').where('subject_id', '=', leadId).execute();
    await refuseRows('dead_letters', `cause like 'step:%'`);
    await system.client.changeLead({ ...of(leadId), change });
    // It is obeyed after the change: messages follow one another.
    expect(
      await system.client.acceptLead({ updateId: crypto.randomUUID(), ...of(leadId), request: { actor: 'test' } }),
    ).toMatchObject({
      status: 'accepted',
    });
    expect(await lettersOf(leadId)).toEqual([]);
    expect((await handleOf(leadId).describe()).status.name).toBe('RUNNING');
  });

  it('while GHL is asked who has a lead now leaves it with its rep, and an operator hears of it', async () => {
    const leadId = await assigned();
    const before = await leads.get(leadId);
    const tasks = () => system.simulator.listTasks('one-loc-back-bay');
    const { ghl_contact_id: ghlContactId } = await system.database.ownerDb
      .selectFrom('assignments')
      .select('ghl_contact_id')
      .where('lead_id', '=', leadId)
      .executeTakeFirstOrThrow();
    await waitFor('the rep to be told', async () => (await tasks()).some((task) => task.contactId === ghlContactId));
    const message = 'The user is not allowed to do this.';
    await system.simulator.addFault({ status: 403, message, locationId: 'one-loc-back-bay', times: 1 });
    const change = { kind: 'assigned-in-ghl' as const, ghlContactId: ghlContactId!, ghlUserId: 'one-user-bob' };
    await system.client.changeLead({ ...of(leadId), change });
    await waitFor('the dead letter', async () => (await lettersOf(leadId)).length > 0);
    expect(await lettersOf(leadId)).toEqual(['step:change:GhlForbidden']);
    expect((await leads.get(leadId))?.rep_id).toBe(before?.rep_id);
    const accepted = await system.client.acceptLead({ ...of(leadId), request: { actor: 'test' }, updateId: 'after' });
    expect(accepted.status).toBe('accepted');
  });

  it('for a pipeline that is gone keeps no rep untold: neither the first, nor the one who is given the lead in GHL', async () => {
    const pipeline = {
      id: ghlIds.pipeline('one', 'back-bay'),
      name: 'Sales',
      stages: [{ id: ghlIds.stage('one', 'back-bay'), name: 'New' }],
    };
    const moveTo = (location: string) =>
      system.simulator.seed({ pipelines: [{ ...pipeline, locationId: ghlIds.location('one', location) }] });
    await moveTo('cambridge');
    const leadId = await assigned();
    const { ghl_contact_id: ghlContactId } = await system.database.ownerDb
      .selectFrom('assignments')
      .select('ghl_contact_id')
      .where('lead_id', '=', leadId)
      .executeTakeFirstOrThrow();
    const isTold = async (ghlUserId: string) =>
      (await system.simulator.listTasks('one-loc-back-bay')).some(
        (task) => task.contactId === ghlContactId && task.assignedTo === ghlUserId,
      );
    const [first, second] = ['one-user-ann', 'one-user-bob'];
    const [before, after] = (await leads.get(leadId))?.rep_id === leads.rep('ann') ? [first, second] : [second, first];
    await waitFor('the first rep’s task', () => isTold(before));
    await waitFor('the letter', async () => (await lettersOf(leadId)).length === 1);
    await system.simulator.updateContact(ghlContactId!, { assignedTo: after });
    const change = { kind: 'assigned-in-ghl' as const, ghlContactId: ghlContactId!, ghlUserId: after };
    await system.client.changeLead({ ...of(leadId), change });
    await waitFor('the other rep’s task', () => isTold(after));
    await waitFor('the other letter', async () => (await lettersOf(leadId)).length === 2);
    for (const cause of await lettersOf(leadId)) expect(cause).toMatch(/^untold:PipelineGone:/);
    await moveTo('back-bay');
  });

  it('that only tells GHL leaves the lead assigned although no dead letter can be written', async () => {
    await refuseRows('lead_timeline', `kind = 'not-told'`);
    await system.simulator.addFault({ status: 422, message: 'no', path: '/notes' });
    const leadId = await assigned('10011');
    expect(
      await system.client.acceptLead({ updateId: crypto.randomUUID(), ...of(leadId), request: { actor: 'test' } }),
    ).toMatchObject({
      status: 'accepted',
    });
    await system.simulator.clearFaults();
  });

  it('at the end of its days is tried again later, without a storm', async () => {
    const { ownerDb } = system.database;
    const backBay = leads.location('back-bay');
    await ownerDb.updateTable('locations').set({ lead_max_age_seconds: 3 }).where('id', '=', backBay).execute();
    await refuseRows('lead_timeline', `kind = 'closed'`);
    const leadId = await assigned();
    await ownerDb.updateTable('locations').set({ lead_max_age_seconds: 86_400 }).where('id', '=', backBay).execute();
    await waitFor('the letter', async () => (await lettersOf(leadId)).includes('step:too-old:Postgres23514'));
    await mend();
    // Still alive, and its answer shows that it waits instead of trying in a circle.
    expect(
      await system.client.acceptLead({ updateId: crypto.randomUUID(), ...of(leadId), request: { actor: 'test' } }),
    ).toMatchObject({
      status: 'accepted',
    });
    const events = (await handleOf(leadId).fetchHistory()).events ?? [];
    const ended = events.filter(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'closeLead',
    );
    expect(ended).toHaveLength(1);
  });
});

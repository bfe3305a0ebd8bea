import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStuckLeadWatch, type StuckLeadDeps } from '../../api/stuck-leads.ts';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { addDeadLetter } from '../../db/dead-letters.ts';
import { withScope } from '../../db/scope.ts';
import { type CliRunner, createCliRunner } from '../cli/harness.ts';
import { enquire } from '../stack/enquire.ts';
import { createLeadHarness, type LeadHarness, somebody } from '../stack/lead-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { createTestLogger } from '../stack/test-logger.ts';
import { waitFor } from '../stack/wait.ts';
import { type LiveSystem, startLiveSystem } from './live-system.ts';

let live: LiveSystem;
let leads: LeadHarness;
let key: string;
let cli: CliRunner;
let agency: string[];
beforeAll(async () => {
  const ENCRYPTION_KEYS = `1:${randomBytes(32).toString('base64')}`;
  live = await startLiveSystem({ keys: parseKeyRing(ENCRYPTION_KEYS) });
  leads = createLeadHarness(live, await live.plant(smallAgency('one'), live.webhookUrl));
  key = await live.makeKey(leads.agencyId, 'agency');
  agency = ['--agency', leads.agencyId];
  cli = await createCliRunner({
    DATABASE_URL: live.database.url,
    ENCRYPTION_KEYS,
    TEMPORAL_ADDRESS: live.temporalAddress,
    TEMPORAL_NAMESPACE: live.namespace,
  });
});
afterAll(async () => {
  await cli.close();
  await live.stop();
});

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
const watch = (client: StuckLeadDeps['client'] = live.client) =>
  createStuckLeadWatch({ db: live.database.db, client, logger: createTestLogger(), now: () => new Date() });
const accept = (leadId: string) => live.ask('POST', `/v1/leads/${leadId}/accept`, key);
const redrive = (leadId: string) => cli.json<object>(['leads', 'redrive', leadId, ...agency]);
/** Temporal's list of ended workflows follows a little later. */
const isListed = (leadId: string) =>
  waitFor('the list of ended workflows', async () =>
    (await live.client.listBrokenLeads(new Date(Date.now() - 60_000), 100)).some((lead) => lead.leadId === leadId),
  );
/** An assigned lead that has lost its workflow. */
const terminated = async (): Promise<string> => {
  const leadId = await assigned();
  await handleOf(leadId).terminate('by hand');
  await isListed(leadId);
  return leadId;
};

describe('an open lead whose workflow was terminated', () => {
  it('is found and goes to an operator once; redriven as the letter says, it goes on and nothing is done twice', async () => {
    const leadId = await terminated();
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
    expect(letters[0]!.advice).toContain(`leads redrive ${leadId} --agency ${leads.agencyId}`);
    expect(await redrive(leadId)).toMatchObject({ workflow: 'reset', requeued: 0, lettersResolved: 1 });
    await waitFor('the lead to answer', async () => (await accept(leadId)).status === 200);
    expect((await leads.get(leadId))?.state).toBe('accepted');
    expect([(await live.simulator.listNotes()).length, (await live.simulator.listTasks()).length]).toEqual([
      notes,
      tasks,
    ]);
    expect(await watch().check()).toBe(0);
    expect(await lettersOf(leadId)).toMatchObject([{ resolution: 'redriven' }]);
    const acts = await cli.json<object[]>(['audit', 'list', ...agency, '--subject', `lead:${leadId}`]);
    expect(acts).toContainEqual(
      expect.objectContaining({
        action: 'lead.redrive',
        actor: 'cli:tester',
        after: { workflow: 'reset', requeued: 0, lettersResolved: 1 },
      }),
    );
    expect((await cli.run(['leads', 'redrive', leadId, ...agency])).error).toContain('nothing to redrive');
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

describe('dead-letters redrive', () => {
  it('leaves no letter open that was written while the lead was being set going', async () => {
    const leadId = await terminated();
    const leadFate: StuckLeadDeps['client']['leadFate'] = async (lead) => {
      const fate = await live.client.leadFate(lead);
      if (lead.leadId === leadId && fate === 'broken')
        expect(await redrive(leadId)).toMatchObject({ workflow: 'reset' });
      return fate;
    };
    await watch({ leadFate, listBrokenLeads: live.client.listBrokenLeads }).check();
    expect(await lettersOf(leadId)).toMatchObject([{ cause: 'stuck', resolution: 'runs-again' }]);
  });

  it('brings a lead back from its letter, through the inbox, and nothing is done twice', async () => {
    const leadId = await terminated();
    await watch().check();
    const [letter] = await lettersOf(leadId);
    const notes = (await live.simulator.listNotes()).length;
    const dry = await cli.run(['dead-letters', 'redrive', '--subject', leadId, ...agency]);
    expect(dry.out).toContain('would be redriven');
    expect((await accept(leadId)).status).toBe(409);
    expect((await cli.run(['dead-letters', 'redrive', letter!.id, ...agency])).code).toBe(0);
    await waitFor('the lead to answer', async () => (await accept(leadId)).status === 200);
    await waitFor('no open letter', async () => (await lettersOf(leadId)).every((each) => each.resolved_at !== null));
    expect((await live.simulator.listNotes()).length).toBe(notes);
    expect((await cli.run(['dead-letters', 'redrive', letter!.id, ...agency])).out).toContain('was before');
  });
});

describe('dead-letters discard', () => {
  it('keeps a stuck lead put away for as long as it is the same failure', async () => {
    const leadId = await terminated();
    await watch().check();
    const [letter] = await lettersOf(leadId);
    await cli.run(['dead-letters', 'discard', letter!.id, '--reason', 'a test', ...agency]);
    await watch().check();
    expect((await accept(leadId)).status).toBe(409);
    expect(await lettersOf(leadId)).toMatchObject([{ resolution: 'discarded' }]);
    expect(await redrive(leadId)).toMatchObject({ workflow: 'reset' });
    await waitFor('the lead to answer', async () => (await accept(leadId)).status === 200);
    await handleOf(leadId).terminate('once more');
    await waitFor('a new letter', async () => {
      await watch().check();
      return (await lettersOf(leadId)).length === 2;
    });
  });
});

describe('leads redrive', () => {
  const inbox = (leadId: string) =>
    live.database.ownerDb
      .selectFrom('event_capabilities')
      .selectAll()
      .where('ordering_key', '=', `lead:${leadId}`)
      .orderBy('sequence')
      .execute();

  it('brings what was told meanwhile to a lead whose workflow was terminated', async () => {
    const leadId = await assigned();
    await handleOf(leadId).terminate('by hand');
    const { ghl_contact_id: contactId } = await live.database.ownerDb
      .selectFrom('assignments')
      .select('ghl_contact_id')
      .where('lead_id', '=', leadId)
      .executeTakeFirstOrThrow();
    await live.simulator.deleteContact(contactId!);
    // The relay has tried, and keeps it; an operator hears of the lead without anybody having looked for it.
    const kept = await waitFor('a try', async () => (await inbox(leadId)).find((work) => work.last_error !== null));
    expect(kept).toMatchObject({ capability: 'lead-follow-up', state: 'pending', last_error: 'lead-stuck' });
    expect(await lettersOf(leadId)).toMatchObject([{ cause: 'stuck', resolved_at: null }]);
    await redrive(leadId);
    expect(await leads.inState(leadId, 'closed')).toMatchObject({ close_reason: 'contact-deleted' });
    await waitFor('the inbox', async () => (await inbox(leadId)).every((work) => work.state === 'started'));
  });

  it('hands over in order what was buried of a lead, its start first', async () => {
    const { agencyId } = leads;
    const leadId = await enquire(live, agencyId, leads.location('master'), somebody('02116'));
    const workflowId = handleOf(leadId).workflowId;
    const change = { kind: 'location-uninstalled', locationId: leads.location('chelsea') };
    for (const [capability, more] of [['lead-intake', {}] as const, ['lead-follow-up', { change }] as const]) {
      const causeId = crypto.randomUUID();
      const of = {
        agency_id: agencyId,
        fairness_key: agencyId,
        workflow_id: workflowId,
        cause_id: causeId,
        capability,
      };
      const input = JSON.stringify({ agencyId, leadId, ...more });
      const buried = { ordering_key: `lead:${leadId}`, state: 'dead' as const, attempts: 6, due_at: new Date(), input };
      await live.database.ownerDb
        .insertInto('event_capabilities')
        .values({ ...of, ...buried })
        .execute();
      await withScope(live.database.db, { agencyId }, (tx) =>
        addDeadLetter(tx, {
          agencyId,
          locationId: null,
          capability,
          cause: 'handover:TypeError',
          advice: 'test',
          subject: { kind: 'event', id: causeId },
          workflowId,
        }),
      );
    }
    expect(await redrive(leadId)).toMatchObject({ workflow: 'started', requeued: 2, lettersResolved: 2 });
    await leads.inState(leadId, 'assigned');
    const done = await waitFor('the inbox', async () => {
      const works = await inbox(leadId);
      return works.every((work) => work.state === 'started') && works;
    });
    expect(done[0]!.started_at!.getTime()).toBeLessThanOrEqual(done[1]!.started_at!.getTime());
  });

  it('resets a lead that could not be routed once the cause is mended', async () => {
    const { agencyId } = leads;
    const locationId = leads.location('master');
    const leadId = await enquire(live, agencyId, locationId, somebody('02116'));
    const { event_row_id: eventId } = (await leads.get(leadId))!;
    const events = live.database.ownerDb;
    const { body } = await events
      .selectFrom('events')
      .select('body')
      .where('id', '=', eventId)
      .executeTakeFirstOrThrow();
    await events.updateTable('events').set({ body: null }).where('id', '=', eventId).execute();
    await live.client.startLeadIntake({ agencyId, leadId, locationId, source: 'api' });
    await waitFor('the failure', async () => (await live.client.leadFate({ agencyId, leadId })) === 'broken');
    await events.updateTable('events').set({ body }).where('id', '=', eventId).execute();
    expect(await redrive(leadId)).toMatchObject({ workflow: 'reset', lettersResolved: 1 });
    await leads.inState(leadId, 'assigned');
    expect(await lettersOf(leadId)).toMatchObject([{ cause: 'unroutable:LeadEventGone', resolution: 'redriven' }]);
  });

  it('resets a lead that was terminated before any worker saw it', async () => {
    await live.stopWorkers();
    const leadId = await leads.start(somebody('02116'));
    await handleOf(leadId).terminate('by hand');
    expect(await redrive(leadId)).toMatchObject({ workflow: 'reset' });
    await live.startWorkers();
    await leads.inState(leadId, 'assigned');
  });

  it('refuses a lead that is over', async () => {
    const leadId = await assigned();
    const request = { outcome: 'won' as const, actor: 'test' };
    await live.client.closeLead({ updateId: crypto.randomUUID(), agencyId: leads.agencyId, leadId, request });
    const ran = await cli.run(['leads', 'redrive', leadId, ...agency]);
    expect([ran.code, ran.error]).toEqual([1, 'The lead is over: there is nothing to set going.\n']);
  });
});

import { afterAll, beforeAll, it } from 'vitest';
import { sql } from 'kysely';
import { seal } from '../../crypto/seal.ts';
import { takeEvent } from '../../db/events.ts';
import { withSystemRole } from '../../db/scope.ts';
import {
  agencyConnectWorkflowId,
  backfillRunWorkflowId,
  backfillWorkflowId,
  credentialRotationWorkflowId,
  pollSyncWorkflowId,
} from '../../domain/workflow-ids.ts';
import { backfillProgressQuery } from '../../workflows/backfill-messages.ts';
import { makeOldMonth } from '../db/old-months.ts';
import { createBackfillHarness, oldContacts } from '../stack/backfill-harness.ts';
import { bringCode } from '../stack/connect-link.ts';
import { createLeadHarness, type LeadHarness, somebody } from '../stack/lead-harness.ts';
import { bringToken } from '../stack/rotation.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { TEST_APP, type TestSystem } from '../stack/system.ts';
import { waitFor } from '../stack/wait.ts';
import { type Recorder, startRecorder } from './recorder.ts';
import { RECORDING_KEYS } from './recording.ts';

let system: TestSystem;
let leads: LeadHarness;
let save: Recorder['save'];
beforeAll(async () => {
  ({ system, save } = await startRecorder());
  leads = createLeadHarness(system, await system.plant(smallAgency('one')));
});
afterAll(() => system.stop());

const saveLead = (leadId: string, name: string) => save(`lead-intake/${leads.agencyId}/${leadId}`, name);
const lead = async (postcode: string): Promise<string> => {
  const leadId = await leads.start(somebody(postcode));
  await leads.inState(leadId, 'assigned');
  return leadId;
};
const of = (leadId: string) => ({ agencyId: leads.agencyId, leadId });

it('records a lead that is assigned, reassigned, accepted and won', async () => {
  const leadId = await lead('02116');
  await system.client.reassignLead({ ...of(leadId), request: { repId: leads.rep('dan') }, updateId: 'record' });
  await system.client.acceptLead({ updateId: crypto.randomUUID(), ...of(leadId), request: { actor: 'test' } });
  await system.client.closeLead({
    updateId: crypto.randomUUID(),
    ...of(leadId),
    request: { outcome: 'won', actor: 'test' },
  });
  await leads.inState(leadId, 'closed');
  await system.client.temporal.workflow.getHandle(`lead-intake/${leads.agencyId}/${leadId}`).result();
  await saveLead(leadId, 'lead-reassigned-and-won');
});

it('records a lead that a location refuses, whose GHL is away for a moment, and that is still open', async () => {
  await system.simulator.addFault({
    status: 403,
    message: 'The token does not have access to this location.',
    locationId: 'one-loc-chelsea',
    times: 1,
  });
  await system.simulator.addFault({ status: 500, times: 2, path: '/contacts/upsert' });
  const leadId = await lead('10011');
  await leads.withRep(leadId, 'east-desk');
  await saveLead(leadId, 'lead-not-placed-and-open');
});

it('records a lead that loses its rep and then its location', async () => {
  const leadId = await lead('02139');
  await system.client.changeLead({ ...of(leadId), change: { kind: 'rep-unavailable', repId: leads.rep('cid') } });
  await waitFor('another rep', async () => (await leads.get(leadId))?.rep_id !== leads.rep('cid'));
  const locationId = (await leads.get(leadId))!.location_id!;
  await system.client.changeLead({ ...of(leadId), change: { kind: 'location-uninstalled', locationId } });
  await leads.inState(leadId, 'closed');
  await system.client.temporal.workflow.getHandle(`lead-intake/${leads.agencyId}/${leadId}`).result();
  await saveLead(leadId, 'lead-rerouted-and-uninstalled');
});

async function storeInChelsea(body: Record<string, unknown> & { type: string }) {
  const { agencyId } = leads;
  const receivedAt = new Date();
  const rowId = crypto.randomUUID();
  const locationId = leads.location('chelsea');
  const owner = { agencyId, locationId, purpose: 'event-body' };
  const whole = { ...body, locationId: 'one-loc-chelsea' };
  await withSystemRole(system.database.db, 'intake', (tx) =>
    takeEvent(tx, {
      rowId,
      source: 'ghl',
      eventId: rowId,
      repeatWithinMs: null,
      receivedAt,
      agencyId,
      locationId,
      type: body.type,
      status: 'accepted',
      ghlLocationId: whole.locationId,
      ghlContactId: null,
      occurredAt: null,
      body: seal(RECORDING_KEYS, Buffer.from(JSON.stringify(whole)), owner),
    }),
  );
  return { eventRowId: rowId, eventReceivedAt: receivedAt.toISOString() };
}

it('records a lead that somebody gives to another rep in GHL, and whose workflow is cancelled', async () => {
  const leadId = await lead('02116');
  const assignment = await waitFor('the rep to be told', async () => {
    const row = await system.database.ownerDb
      .selectFrom('assignments')
      .select(['ghl_contact_id', 'ghl_task_id'])
      .where('lead_id', '=', leadId)
      .executeTakeFirst();
    return row?.ghl_task_id ? row : undefined;
  });
  const ghlContactId = assignment.ghl_contact_id!;
  const to = (await leads.get(leadId))!.rep_id === leads.rep('ann') ? 'bob' : 'ann';
  const ghlUserId = `one-user-${to}`;
  await system.simulator.updateContact(ghlContactId, { assignedTo: ghlUserId });
  await system.client.changeLead({ ...of(leadId), change: { kind: 'assigned-in-ghl', ghlContactId, ghlUserId } });
  await leads.withRep(leadId, to);
  await waitFor('the new rep’s task', async () => {
    const tasks = await system.simulator.listTasks('one-loc-back-bay');
    return tasks.some((task) => task.contactId === ghlContactId && task.assignedTo === ghlUserId);
  });
  const handle = system.client.temporal.workflow.getHandle(`lead-intake/${leads.agencyId}/${leadId}`);
  await handle.cancel();
  await handle.result().catch(() => undefined);
  await saveLead(leadId, 'lead-given-in-ghl-and-cancelled');
});

it('records an account’s events', async () => {
  const { agencyId } = leads;
  const locationId = leads.location('chelsea');
  const event = await storeInChelsea({ type: 'UserCreate', id: 'new-user', firstName: 'New', lastName: 'User' });
  await system.client.accountEvent({ agencyId, locationId, event });
  await waitFor('the rep', async () => {
    const rep = await system.database.ownerDb
      .selectFrom('reps')
      .select('id')
      .where('ghl_user_id', '=', 'new-user')
      .executeTakeFirst();
    return rep !== undefined;
  });
  const workflowId = `account-sync/${agencyId}/${locationId}`;
  await system.client.temporal.workflow.getHandle(workflowId).result();
  await save(workflowId, 'account-user-created');
});

it('records cut events: one of a contact that is gone, one that nobody can tell, and a user’s between', async () => {
  const { agencyId } = leads;
  const locationId = leads.location('chelsea');
  const events = [
    { ...(await storeInChelsea({ type: 'ContactUpdate', id: 'gone', payloadTooLarge: true })), needsReread: true },
    await storeInChelsea({ type: 'UserUpdate', id: 'one-user-dan', firstName: 'Dan' }),
    { ...(await storeInChelsea({ type: 'OpportunityDelete', id: 'gone', payloadTooLarge: true })), needsReread: true },
  ];
  for (const event of events) await system.client.accountEvent({ agencyId, locationId, event });
  await waitFor('the letter', async () => (await listRereadLetters()).length === 1);
  const workflowId = `account-sync/${agencyId}/${locationId}`;
  await system.client.temporal.workflow.getHandle(workflowId).result();
  await save(workflowId, 'account-events-reread');
});

const listRereadLetters = () =>
  system.database.ownerDb.selectFrom('dead_letters').select('id').where('cause', 'like', 'reread:%').execute();

it('records an agency that is connected again, and one whose code brought no answer', async () => {
  const { agencyId } = leads;
  const { client, simulator } = system;
  const connect = async (name: string): Promise<void> => {
    const { code } = await simulator.install({ clientId: TEST_APP.clientId, companyId: 'one-company' });
    const link = await bringCode(system, agencyId, code);
    await client.startAgencyConnect(link);
    const workflowId = agencyConnectWorkflowId(agencyId, link.linkId);
    await client.temporal.workflow.getHandle(workflowId).result();
    await save(workflowId, name);
  };
  await system.database.ownerDb.deleteFrom('installs').where('location_id', '=', leads.location('chelsea')).execute();
  await connect('agency-connected');
  await simulator.addFault({ path: '/oauth/token', cutAfterCommit: true });
  await connect('agency-connect-answer-lost');
  await simulator.clearFaults();
});

it('records a backfill that is paused and resumed, and one that a location refuses', async () => {
  const backfills = createBackfillHarness(system, {
    agencyId: leads.agencyId,
    locations: new Map([['chelsea', leads.location('chelsea')]]),
    reps: new Map(),
  });
  await system.simulator.seed({ contacts: oldContacts('one-loc-chelsea', 20) });
  await system.simulator.addFault({ latencyMs: 300, path: '^/contacts/one-loc' });
  const runId = await backfills.start({ under: 'chelsea' });
  const ofRun = backfillRunWorkflowId(leads.agencyId, runId);
  const ofPart = backfillWorkflowId(leads.location('chelsea'), 'contact', runId);
  const { workflow } = system.client.temporal;
  await waitFor('the part to read names', async () => (await backfills.get(runId)).parts[0]!.step === 'names');
  await system.client.wishBackfill({ workflowId: ofRun, wish: 'pause' });
  await waitFor('the part to rest', async () => {
    const { wanted } = await workflow.getHandle(ofPart).query(backfillProgressQuery);
    return wanted === 'pause';
  });
  await system.simulator.clearFaults();
  await system.client.wishBackfill({ workflowId: ofRun, wish: 'run' });
  await backfills.ended(runId);
  await workflow.getHandle(ofRun).result();
  await save(ofRun, 'backfill-run-paused-and-resumed');
  await save(ofPart, 'backfill-contacts-paused-and-resumed');

  await system.simulator.addFault({ status: 403, message: 'no', locationId: 'one-loc-chelsea' });
  const refused = await backfills.start({ under: 'chelsea', resources: ['opportunity'] });
  await backfills.ended(refused);
  await system.simulator.clearFaults();
  const ofRefused = backfillWorkflowId(leads.location('chelsea'), 'opportunity', refused);
  await workflow
    .getHandle(ofRefused)
    .result()
    .catch(() => undefined);
  await save(ofRefused, 'backfill-opportunities-refused');
});

it('records a token that is tried and replaces another', async () => {
  const token = 'pit-of-a-recorded-rotation';
  const of = { class: 'Location' as const, companyId: 'one-company', locationId: 'one-loc-chelsea' };
  await system.simulator.seed({ tokens: [{ token, ...of }] });
  const rotation = await bringToken(system, leads.agencyId, leads.location('chelsea'), token);
  await system.client.startCredentialRotation(rotation);
  const workflowId = credentialRotationWorkflowId(leads.agencyId, rotation.rotationId);
  await system.client.temporal.workflow.getHandle(workflowId).result();
  await save(workflowId, 'credential-rotated');
});

it('records a location that is polled while GHL refuses one thing, and a round of the schedule', async () => {
  const { agencyId } = leads;
  const locationId = leads.location('chelsea');
  const path = '^/opportunities/search';
  await system.simulator.addFault({ status: 403, message: 'The token does not have access to this location.', path });
  await system.client.startPollSync({ agencyId, locationId });
  const polling = system.client.temporal.workflow.getHandle(pollSyncWorkflowId(locationId));
  await polling.result();
  await system.simulator.clearFaults();
  await save(polling.workflowId, 'poll-sync');
  const args: [{ locations: number; spreadMs: number }] = [{ locations: 12, spreadMs: 1_000 }];
  const workflowId = 'poll-rounds-recorded';
  await system.client.temporal.workflow.execute('pollRounds', { workflowId, taskQueue: 'sync', args });
  await save(workflowId, 'poll-rounds');
});

it('records upkeep that has something to do, and one of which a step fails for good', async () => {
  const { database, client } = system;
  const run = async (name: string): Promise<void> => {
    const of = { workflowId: `${name}-recorded`, taskQueue: 'bulk', args: [] as [] };
    await client.temporal.workflow.execute('upkeep', of).catch(() => undefined);
    await save(of.workflowId, name);
  };
  await makeOldMonth(database);
  await run('upkeep');
  await makeOldMonth(database);
  await sql`revoke execute on function drop_month_partition(text, date) from switchyard_upkeep`.execute(
    database.ownerDb,
  );
  await run('upkeep-incomplete');
});

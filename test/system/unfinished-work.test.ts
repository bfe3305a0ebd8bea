import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createUnfinishedWorkWatch } from '../../api/unfinished-work.ts';
import { accountSyncWorkflowId, contactSyncWorkflowId, notificationWorkflowId } from '../../domain/workflow-ids.ts';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { suiteEvidence } from '../leaks/evidence.ts';
import { answering, type Receiver, startReceiver } from '../outbound/receiver.ts';
import { createLeadHarness, somebody } from '../stack/lead-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { createTestLogger } from '../stack/test-logger.ts';
import { waitFor } from '../stack/wait.ts';
import { type LiveSystem, startLiveSystem } from './live-system.ts';

const GHL_LOCATION = 'one-loc-chelsea';

let system: LiveSystem;
let agency: PlantedAgency;
let locationId: string;
let receiver: Receiver;
beforeAll(async () => {
  const outboundRules = { privateAddresses: new Set(['127.0.0.1']), isHttpAllowed: true };
  system = await startLiveSystem({ webhooks: { outboundRules, webhookRetryDelaysMs: [600_000] } });
  agency = await system.plant(smallAgency('one'), system.webhookUrl);
  locationId = agency.locations.get('chelsea')!;
  receiver = await startReceiver();
}, 90_000);
afterEach(() => system.simulator.clearFaults());
afterAll(async () => {
  await system.stop();
  await receiver.close();
});

const handleOf = (workflowId: string) => system.client.temporal.workflow.getHandle(workflowId);
const look = () =>
  createUnfinishedWorkWatch({
    db: system.database.db,
    client: system.client,
    logger: createTestLogger(),
    relay: { wake: () => undefined },
    now: () => new Date(),
  }).check();
/** What the inbox knows of the work of one workflow. */
const statesOf = async (workflowId: string): Promise<string[]> => {
  const work = system.database.ownerDb.selectFrom('event_capabilities').select('state');
  return (await work.where('workflow_id', '=', workflowId).execute()).map(({ state }) => state);
};
const handedOver = (workflowId: string, count: number) =>
  waitFor(`${count} handed over`, async () => {
    const states = await statesOf(workflowId);
    return states.length === count && states.every((state) => state === 'started');
  });
/** Terminates a workflow, and waits until Temporal's list, which follows a little later, tells of it. */
async function terminate(workflowId: string): Promise<void> {
  const time = { since: new Date(Date.now() - 60_000), until: new Date(Date.now() + 60_000) };
  await handleOf(workflowId).terminate('by hand');
  await waitFor('the list of ended workflows', async () =>
    (await system.client.listEndedWorkflows(['accountSync', 'contactSync'], time, 100)).some(
      (each) => each.workflowId === workflowId,
    ),
  );
}

describe('a workflow that was terminated with what it had been told', () => {
  it('hands the events of its account back, and they are applied, once somebody looks', async () => {
    const workflowId = accountSyncWorkflowId(agency.agencyId, locationId);
    await system.stopWorkers();
    for (const id of ['first-new', 'second-new']) {
      const event = { type: 'UserCreate', id, locationId: GHL_LOCATION, firstName: 'Ottoline', lastName: 'Vexley' };
      expect(await system.deliver({ ...event, webhookId: crypto.randomUUID() })).toBe(200);
    }
    await handedOver(workflowId, 2);
    await terminate(workflowId);
    expect(await look()).toBe(2);
    await handedOver(workflowId, 2);
    await system.startWorkers();
    await waitFor('both reps', async () => {
      const reps = system.database.ownerDb.selectFrom('reps').select('id');
      return (await reps.where('ghl_user_id', 'in', ['first-new', 'second-new']).execute()).length === 2;
    });
  });

  it('hands the changes of its contact back, and the record is read', async () => {
    await system.stopWorkers();
    const { postcode: _postcode, ...person } = somebody();
    const { id } = await system.simulator.createContact({ locationId: GHL_LOCATION, ...person });
    const workflowId = contactSyncWorkflowId(locationId, id);
    await handedOver(workflowId, 1);
    await terminate(workflowId);
    await look();
    await handedOver(workflowId, 1);
    await system.startWorkers();
    await waitFor('the mirror to have it', () =>
      system.database.ownerDb.selectFrom('contacts').select('id').where('ghl_id', '=', id).executeTakeFirst(),
    );
  });

  it('leaves the inbox alone when it had ended by itself', async () => {
    const before = await statesOf(accountSyncWorkflowId(agency.agencyId, null));
    const workflowId = accountSyncWorkflowId(agency.agencyId, agency.locations.get('cambridge')!);
    const event = { type: 'UserCreate', id: 'third-new', locationId: 'one-loc-cambridge', firstName: 'Ottoline' };
    await system.deliver({ ...event, webhookId: crypto.randomUUID() });
    await handedOver(workflowId, 1);
    await handleOf(workflowId).result();
    await look();
    expect(await statesOf(workflowId)).toEqual(['started']);
    expect(await statesOf(accountSyncWorkflowId(agency.agencyId, null))).toEqual(before);
  });
});

it('a notice whose workflow is cancelled while an endpoint does not take it is a dead letter', async () => {
  const key = await system.makeKey(agency.agencyId, 'agency');
  const asked = { url: `${receiver.url}/hook`, topics: ['lead.assigned'] };
  const { body } = await system.ask('POST', '/v1/webhook-endpoints', key, asked);
  suiteEvidence.use([{ kind: 'token', value: String(body['secret']) }]);
  receiver.reply = answering(500);
  const leads = createLeadHarness(system, agency);
  await leads.inState(await leads.start(somebody('02116')), 'assigned');
  const { ownerDb } = system.database;
  const delivery = await waitFor('the first attempt', () =>
    ownerDb
      .selectFrom('notice_deliveries')
      .select(['id', 'notice_id'])
      .where('state', '=', 'pending')
      .where('attempts', '=', 1)
      .executeTakeFirst(),
  );
  const handle = handleOf(notificationWorkflowId(agency.agencyId, delivery.notice_id));
  await handle.cancel();
  await expect(handle.result()).rejects.toThrow();
  const letters = ownerDb.selectFrom('dead_letters').select('cause').where('subject_id', '=', delivery.id);
  expect(await letters.execute()).toEqual([{ cause: 'notice:Cancelled' }]);
  const rows = ownerDb.selectFrom('notice_deliveries').select(['state', 'reason']).where('id', '=', delivery.id);
  expect(await rows.execute()).toEqual([{ state: 'refused', reason: 'Cancelled' }]);
});

import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { talkingToGhl } from '../../activities/ghl-step.ts';
import { createPayloadCodec } from '../../crypto/payload-codec.ts';
import { getContact } from '../../ghl/contacts.ts';
import { exportMessages } from '../../ghl/messages.ts';
import type { GhlLocationResource } from '../../ghl/resource.ts';
import { ghlIds } from '../../scripts/demo/agency-plan.ts';
import { createLeadHarness, type LeadHarness, somebody } from '../stack/lead-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { waitFor } from '../stack/wait.ts';
import type { ExportActivities, exportPages } from './export-workflow.ts';

/** How long an export hangs before it is given up: whoever waits behind one waits so long. A busy machine takes in leads meanwhile. */
const HANG_MS = 20_000;
/** Fewer than exports run at once, which is ten: shared with them, not one would be left. */
const CONNECTIONS = 8;
/** More than the interactive lane has slots, and all lanes together. */
const PAGES = 90;

const plan = smallAgency('one');
let system: TestSystem;
let leads: LeadHarness;
let resource: GhlLocationResource;
let contactId: string;
/** Exports under way now, the most there were, and those that have ended. */
const running = { now: 0, most: 0, ended: 0 };
const stops: (() => Promise<unknown>)[] = [];

const exporting: ExportActivities = {
  async exportPage() {
    running.now += 1;
    running.most = Math.max(running.most, running.now);
    try {
      const call = { resource, lane: 'bulk' as const };
      return (await talkingToGhl(() => exportMessages(system.gateway, call, { limit: 10 }))).items.length;
    } finally {
      running.now -= 1;
      running.ended += 1;
    }
  },
};

beforeAll(async () => {
  system = await startTestSystem({
    lanes: ['interactive', 'sync', 'bulk'],
    ghl: {
      maxConnections: CONNECTIONS,
      timeoutsMs: { exportMessages: HANG_MS },
      breaker: { openMs: 1_000, sharedCacheMs: 100 },
    },
  });
  const agency = await system.plant(plan);
  leads = createLeadHarness(system, agency);
  for (const { key } of plan.locations) {
    // The budget has tests of its own.
    await system.simulator.changeLocation(ghlIds.location('one', key), { rateLimit: { max: 100_000 } });
  }
  const ghlLocationId = ghlIds.location('one', 'back-bay');
  const ids = { agencyId: agency.agencyId, ghlCompanyId: ghlIds.company('one') };
  resource = { kind: 'location', ...ids, locationId: agency.locations.get('back-bay')!, ghlLocationId };
  contactId = (await system.simulator.createContact({ locationId: ghlLocationId, firstName: 'Ann' })).id;
  await system.startWorkers(undefined, { ...exporting });
  await startExportWorkflows();
});
afterAll(async () => {
  for (const stop of stops) await stop();
  await system.stop();
});

/** A worker for the workflow alone: what it asks for runs on the system's own workers. */
async function startExportWorkflows(): Promise<void> {
  const logger = new DefaultLogger('WARN');
  const workflowsPath = join(import.meta.dirname, 'export-workflow.ts');
  const connection = await NativeConnection.connect({ address: system.temporalAddress });
  const worker = await Worker.create({
    connection,
    namespace: system.namespace,
    taskQueue: 'exports',
    workflowBundle: await bundleWorkflowCode({ workflowsPath, logger }),
    dataConverter: { payloadCodecs: [createPayloadCodec(system.keys)] },
  });
  const done = worker.run();
  stops.push(async () => {
    worker.shutdown();
    await done;
    await connection.close();
  });
}

const readContact = () => getContact(system.gateway, { resource, lane: 'interactive' }, contactId);
/** From the enquiry to the rep's task in GHL. */
async function takeLeadIn(): Promise<void> {
  const leadId = await leads.start(somebody('02116'));
  await waitFor('the rep to be told', async () => (await leads.timeline(leadId)).includes('assigned'));
  const told = system.database.ownerDb.selectFrom('assignments').select('ghl_task_id').where('lead_id', '=', leadId);
  await waitFor('the task', async () => (await told.execute()).some((row) => row.ghl_task_id !== null));
}
async function repeat(times: number, work: () => Promise<unknown>): Promise<void> {
  for (let turn = 0; turn < times; turn += 1) await work();
}
const openGroups = async (): Promise<string[]> =>
  (await system.database.ownerDb.selectFrom('ghl_breakers').select('endpoint_group').execute()).map(
    (row) => row.endpoint_group,
  );
const countStruck = async (): Promise<number> => (await system.simulator.listFaults())[0]?.struck ?? 0;

it('slow exports leave contact calls and leads alone, and go on by themselves when the exports answer again', async () => {
  await takeLeadIn();
  await system.simulator.addFault({ path: '/conversations/messages/export', hang: true });
  const exports = await system.client.temporal.workflow.start<typeof exportPages>('exportPages', {
    taskQueue: 'exports',
    workflowId: 'exports',
    args: [{ pages: PAGES }],
  });
  await waitFor('exports that hang', async () => (await countStruck()) >= CONNECTIONS);

  // Before a single one is given up, by which a place would have become free.
  await Promise.all([repeat(10, readContact), repeat(10, readContact), takeLeadIn()]);
  expect(running.ended).toBe(0);
  expect(running.most).toBeGreaterThanOrEqual(CONNECTIONS);

  await waitFor('the breaker of the exports', async () => (await openGroups()).length > 0);
  const struckWhenOpen = await countStruck();
  await waitFor('a trial after it', async () => (await countStruck()) > struckWhenOpen);
  await Promise.all([readContact(), takeLeadIn()]);
  expect(await openGroups()).toEqual(['exports']);

  await system.simulator.clearFaults();
  expect(await exports.result()).toBe(PAGES);
  expect(await openGroups()).toEqual(['exports']);
}, 240_000);

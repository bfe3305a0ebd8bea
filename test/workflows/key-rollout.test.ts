import { randomBytes } from 'node:crypto';
import { NativeConnection, type Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createSwitchyardClient, type SwitchyardClient } from '../../client.ts';
import { type KeyProvider, parseKeyRing, UnknownKeyVersionError } from '../../crypto/key-ring.ts';
import { createActivities } from '../../worker/activities.ts';
import { createWorkers } from '../../worker/workers.ts';
import { enquire } from '../stack/enquire.ts';
import { createLeadHarness, type LeadHarness, somebody } from '../stack/lead-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { startTestSystem, TEST_APP, type TestSystem } from '../stack/system.ts';
import { createTestLogger } from '../stack/test-logger.ts';
import { waitFor } from '../stack/wait.ts';

const first = `1:${randomBytes(32).toString('base64')}`;
const second = `2:${randomBytes(32).toString('base64')}`;
const old = parseKeyRing(first);
const both = parseKeyRing(`${first},${second}`);

let system: TestSystem;
let leads: LeadHarness;
let oldClient: SwitchyardClient;
beforeAll(async () => {
  // Installs are sealed with the first version, as all was before the second came.
  system = await startTestSystem({ keys: old });
  leads = createLeadHarness(system, await system.plant(smallAgency('one')));
  oldClient = system.client;
});
afterAll(() => system.stop());

/** A worker process with these keys. */
async function startWorkersWith(keys: KeyProvider): Promise<() => Promise<void>> {
  const ghl = { baseUrl: system.simulatorUrl, app: TEST_APP };
  const activities = createActivities({ db: system.database.db, keys, ghl, log: createTestLogger() });
  const connection = await NativeConnection.connect({ address: system.temporalAddress });
  const workers: Worker[] = await createWorkers({
    connection,
    namespace: system.namespace,
    workflowBundle: { codePath: inject('workflowBundlePath') },
    lanes: ['interactive'],
    activities,
    keys,
    maxCachedWorkflows: 100,
    shutdownGraceMs: 5_000,
  });
  const done = Promise.all(workers.map((worker) => worker.run()));
  return async () => {
    for (const worker of workers) worker.shutdown();
    await done;
    await connection.close();
    await activities.close();
  };
}

const handleOf = (leadId: string) => oldClient.temporal.workflow.getHandle(`lead-intake/${leads.agencyId}/${leadId}`);
const startLead = async (client: SwitchyardClient, bodyKeys: KeyProvider): Promise<string> => {
  const locationId = leads.location('master');
  const leadId = await enquire({ ...system, keys: bodyKeys }, leads.agencyId, locationId, somebody('02116'));
  await client.startLeadIntake({ agencyId: leads.agencyId, leadId, locationId, source: 'api' });
  return leadId;
};

describe('a worker that was not given the newest key', () => {
  it('takes up again, without a loss, what that key has sealed as soon as it has it', async () => {
    const connection = { address: system.temporalAddress };
    const newClient = createSwitchyardClient({ connection, namespace: system.namespace, keys: both });
    const stopOld = await startWorkersWith(old);
    const sealedStart = await startLead(newClient, both);
    const sealedBody = await startLead(oldClient, both);
    await waitFor('a workflow task that fails for the key', async () => {
      const { events } = await handleOf(sealedStart).fetchHistory();
      const failed = events?.find((event) => event.workflowTaskFailedEventAttributes);
      return failed?.workflowTaskFailedEventAttributes?.failure?.message?.includes('encryption key version 2');
    });
    await waitFor('a step that is retried for the key', async () => {
      const { raw } = await handleOf(sealedBody).describe();
      const step = raw.pendingActivities?.find((each) => each.lastFailure);
      return step?.lastFailure?.message?.includes('encryption key version 2 is not configured');
    });
    await stopOld();
    for (const leadId of [sealedStart, sealedBody]) {
      expect(await leads.get(leadId)).toMatchObject({ state: 'received' });
      expect((await handleOf(leadId).describe()).status.name).toBe('RUNNING');
    }
    const letters = await system.database.ownerDb.selectFrom('dead_letters').selectAll().execute();
    expect(letters).toEqual([]);

    const stopNew = await startWorkersWith(both);
    const [lead] = await Promise.all([leads.inState(sealedStart, 'assigned'), leads.inState(sealedBody, 'assigned')]);

    // A client without the key is told which one it lacks; what it asked for is done.
    const asked = {
      agencyId: leads.agencyId,
      leadId: lead.id,
      request: { actor: 'test' },
      updateId: crypto.randomUUID(),
    };
    await expect(oldClient.acceptLead(asked)).rejects.toThrow(UnknownKeyVersionError);
    expect(await newClient.acceptLead(asked)).toMatchObject({ status: 'accepted' });
    await stopNew();
    await newClient.close();
  });
});

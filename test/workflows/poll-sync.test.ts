import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { POLL_SCHEDULE_ID } from '../../client/polling.ts';
import { pollSyncWorkflowId } from '../../domain/workflow-ids.ts';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { PASSES } from '../stack/quick-polling.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { waitFor } from '../stack/wait.ts';

let system: TestSystem;
let agency: PlantedAgency;
beforeAll(async () => {
  system = await startTestSystem();
  agency = await system.plant(smallAgency('one'));
  await system.startWorkers();
});
afterAll(() => system.stop());

const ofLocation = (name: string) => ({ agencyId: agency.agencyId, locationId: agency.locations.get(name)! });
const handleOf = (name: string) =>
  system.client.temporal.workflow.getHandle(pollSyncWorkflowId(agency.locations.get(name)!));
const passesOf = (name: string) =>
  system.database.ownerDb
    .selectFrom('poll_passes')
    .selectAll()
    .where('location_id', '=', agency.locations.get(name)!)
    .execute();
const seed = (name: string, count: number) =>
  system.simulator.seed({
    contacts: Array.from({ length: count }, (_, index) => {
      const id = `${name}-${index}`;
      return { id, locationId: `one-loc-${name}`, firstName: 'Ann', email: `${id}@x.test` };
    }),
  });
const countContacts = async (name: string): Promise<number> => {
  const rows = await system.database.ownerDb
    .selectFrom('contacts')
    .select('id')
    .where('location_id', '=', agency.locations.get(name)!)
    .where('is_exact', '=', true)
    .execute();
  return rows.length;
};

describe('polling a location', () => {
  it('takes every pass to its end and ends, and a second start finds nothing to do', async () => {
    await seed('chelsea', 30);
    await Promise.all([1, 2, 3].map(() => system.client.startPollSync(ofLocation('chelsea'))));
    await handleOf('chelsea').result();
    const passes = await passesOf('chelsea');
    expect(passes).toHaveLength(PASSES);
    expect(passes.every((pass) => pass.finished_at !== null && pass.started_at === null)).toBe(true);
    expect(passes.every((pass) => pass.due_at > new Date())).toBe(true);
    expect(await countContacts('chelsea')).toBe(30);
    const { events } = await handleOf('chelsea').fetchHistory();
    const priorities = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: step }) =>
      step?.activityType?.name === 'pollPage' ? [step.priority] : [],
    );
    // What changed lately goes before the sweeps of all locations.
    const urgencies = priorities.map((each) => each?.priorityKey);
    expect([...new Set(urgencies)]).toEqual([2, 4]);
    expect(urgencies).toEqual([...urgencies].sort());
    expect(new Set(priorities.map((each) => each?.fairnessKey))).toEqual(new Set([ofLocation('chelsea').locationId]));
    await system.simulator.resetCalls();
    await system.client.startPollSync(ofLocation('chelsea'));
    await handleOf('chelsea').result();
    expect((await system.simulator.getCalls()).counts).toEqual({});
  });

  it('postpones what GHL refuses, and goes on with the rest', async () => {
    await seed('cambridge', 3);
    await system.simulator.addFault({
      status: 403,
      message: 'The token does not have access to this location.',
      locationId: 'one-loc-cambridge',
      path: '^/opportunities/search',
    });
    await system.client.startPollSync(ofLocation('cambridge'));
    await handleOf('cambridge').result();
    await system.simulator.clearFaults();
    const failed = (await passesOf('cambridge')).filter((pass) => pass.failures > 0);
    const refused = { resource: 'opportunity', last_error: 'GhlForbidden', finished_at: null };
    expect(failed).toMatchObject([refused, refused]);
    expect(failed[0]!.due_at.getTime()).toBeGreaterThan(Date.now() + 3 * 60_000);
    expect(await countContacts('cambridge')).toBe(3);
  });

  it('goes on with another worker where the first has stopped, in as many runs as it takes', async () => {
    // GHL's limit makes this take a while: 160 contacts are read one by one.
    await system.simulator.changeLocation('one-loc-back-bay', { rateLimit: { max: 10_000 } });
    await seed('back-bay', 160);
    await system.client.temporal.workflow.start('pollSync', {
      workflowId: pollSyncWorkflowId(ofLocation('back-bay').locationId),
      taskQueue: 'sync',
      args: [{ ...ofLocation('back-bay'), stepsARun: 5 }],
    });
    await waitFor('some of it', async () => (await countContacts('back-bay')) > 20);
    await system.stopWorkers();
    expect(await countContacts('back-bay')).toBeLessThan(160);
    await system.startWorkers();
    await handleOf('back-bay').result();
    expect(await countContacts('back-bay')).toBe(160);
    const { runId, raw } = await handleOf('back-bay').describe();
    expect(raw.workflowExecutionInfo?.firstRunId).not.toBe(runId);
  });
});

describe('the schedule of polling', () => {
  it('is made once, brought up to date, and stays paused when an operator has paused it', async () => {
    const { client } = system;
    const handle = client.temporal.schedule.getHandle(POLL_SCHEDULE_ID);
    await client.ensurePollSchedule({ everyMs: 3_600_000, locations: 10 });
    await handle.pause('for the test');
    await client.ensurePollSchedule({ everyMs: 60_000, locations: 20 });
    const { spec, policies, action, state } = await handle.describe();
    expect(spec.intervals).toMatchObject([{ every: 60_000 }]);
    expect(policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 60_000 });
    expect(action).toMatchObject({ workflowType: 'pollRounds', args: [{ locations: 20 }] });
    expect(state.paused).toBe(true);
  });

  it('starts what is due, once, and nothing whose authority is dead', async () => {
    const { ownerDb } = system.database;
    const round = (id: string) =>
      system.client.temporal.workflow.execute('pollRounds', {
        workflowId: id,
        taskQueue: 'sync',
        args: [{ locations: 50, spreadMs: 0 }],
      });
    // What is not polled yet, and nothing that the tests before have polled.
    expect(await round('round-1')).toBe(2);
    await Promise.all([handleOf('east').result(), handleOf('master').result()]);
    expect(await passesOf('east')).toHaveLength(PASSES);
    expect(await round('round-2')).toBe(0);
    await ownerDb.updateTable('installs').set({ status: 'needs_reauth' }).execute();
    await ownerDb
      .updateTable('poll_passes')
      .set({ due_at: new Date(0) })
      .execute();
    expect(await round('round-3')).toBe(0);
    await ownerDb.updateTable('installs').set({ status: 'active' }).execute();
    expect(await round('round-4')).toBe(5);
  });
});

import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backfillRunWorkflowId, backfillWorkflowId } from '../../domain/workflow-ids.ts';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { type BackfillHarness, createBackfillHarness, oldContacts } from '../stack/backfill-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { waitFor } from '../stack/wait.ts';
import { backfillProgressQuery } from '../../workflows/backfill-messages.ts';

const RATE = { rateLimit: { max: 10_000 } };

let system: TestSystem;
let agency: PlantedAgency;
let neighbour: PlantedAgency;
let backfills: BackfillHarness;
let plain: { client: Client; connection: Connection };
beforeAll(async () => {
  system = await startTestSystem();
  agency = await system.plant(smallAgency('one'));
  neighbour = await system.plant(smallAgency('two'));
  backfills = createBackfillHarness(system, agency);
  for (const name of agency.locations.keys()) {
    await system.simulator.changeLocation(backfills.ghlLocation(name), RATE);
    await system.simulator.seed({ contacts: oldContacts(backfills.ghlLocation(name), 30) });
  }
  await system.startWorkers(['bulk']);
  const connection = await Connection.connect({ address: system.temporalAddress });
  plain = { connection, client: new Client({ connection, namespace: system.namespace }) };
});
afterAll(async () => {
  await plain.connection.close();
  await system.stop();
});

/** Reads of single contacts take so long that a run can be caught in the middle. */
const slowDown = () => system.simulator.addFault({ latencyMs: 300, path: '^/contacts/one-loc' });
const inTheMiddle = (runId: string) =>
  waitFor('the run to be in the middle', async () => {
    const { parts } = await backfills.get(runId);
    return parts.some((part) => part.step === 'names');
  });
const wish = async (runId: string, name: 'pause' | 'run' | 'cancel') => {
  const { run } = await backfills.get(runId);
  await system.client.wishBackfill({ workflowId: run.workflow_id, wish: name });
};

describe('a run over several locations', () => {
  it('covers a region with all below it, and then the whole agency', async () => {
    const ofRegion = await backfills.complete({ under: 'east' });
    const covered = ['east', 'back-bay', 'cambridge', 'chelsea'].map((name) => backfills.location(name));
    expect(ofRegion.parts.map((part) => part.location_id).sort()).toEqual(covered.sort());
    expect(ofRegion.run.location_id).toBeNull();
    for (const name of ['back-bay', 'cambridge', 'chelsea']) {
      expect(await backfills.mirrored(name)).toEqual(await backfills.inGhl(name));
    }
    const ofAll = await backfills.complete({ under: null, resources: ['contact', 'opportunity'] });
    expect(ofAll.parts).toHaveLength(2 * agency.locations.size);
    expect(new Set(ofAll.parts.map(({ state }) => state))).toEqual(new Set(['done']));
    const handle = system.client.temporal.workflow.getHandle(backfillRunWorkflowId(agency.agencyId, ofAll.run.id));
    expect(await handle.result()).toBe('done');
  });

  it('goes on when one location fails for good, which leaves a dead letter', async () => {
    await system.simulator.addFault({
      status: 403,
      message: 'The token does not have access to this location.',
      locationId: 'one-loc-cambridge',
    });
    const { run, parts } = await backfills.complete({ under: 'east' });
    await system.simulator.clearFaults();
    const states = new Map(parts.map((part) => [part.location_id, part]));
    expect(states.get(backfills.location('cambridge'))).toMatchObject({ state: 'failed', cause: 'GhlForbidden' });
    expect(parts.filter(({ state }) => state === 'done')).toHaveLength(3);
    const letters = await system.database.ownerDb
      .selectFrom('dead_letters')
      .select(['cause', 'location_id', 'subject_id', 'workflow_id'])
      .where('capability', '=', 'backfill')
      .execute();
    const workflow_id = backfillWorkflowId(backfills.location('cambridge'), 'contact', run.id);
    expect(letters).toEqual([
      {
        cause: 'part:GhlForbidden',
        location_id: backfills.location('cambridge'),
        subject_id: `${run.id}/contact`,
        workflow_id,
      },
    ]);
    const handle = system.client.temporal.workflow.getHandle(workflow_id);
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'GhlForbidden' } });
  });
});

describe('a run whose location loses the app before its turn', () => {
  it('ends that part as failed and does not try it for ever', async () => {
    const runId = await backfills.order({ under: 'east' });
    const locations = system.database.ownerDb.updateTable('locations').where('id', '=', backfills.location('chelsea'));
    await locations.set({ installed_at: null }).execute();
    await system.client.startBackfillRun({ agencyId: agency.agencyId, runId });
    const { parts } = await backfills.ended(runId);
    await locations.set({ installed_at: new Date() }).execute();
    const chelsea = parts.find((part) => part.location_id === backfills.location('chelsea'));
    expect(chelsea).toMatchObject({ state: 'failed', cause: 'LocationNotConnected' });
    expect(parts.filter(({ state }) => state === 'done')).toHaveLength(3);
  });
});

describe('what is asked of a run', () => {
  it('to pause stops it, and to resume lets it go on from where it was', async () => {
    await sql`update contacts set is_exact = false`.execute(system.database.ownerDb);
    await slowDown();
    const runId = await backfills.start({ under: 'back-bay' });
    await inTheMiddle(runId);
    await wish(runId, 'pause');
    const workflowId = backfillWorkflowId(backfills.location('back-bay'), 'contact', runId);
    const handle = system.client.temporal.workflow.getHandle(workflowId);
    await waitFor('the part to rest', async () => (await handle.query(backfillProgressQuery)).wanted === 'pause');
    const resting = await backfills.get(runId);
    expect(resting.run.wanted).toBe('pause');
    expect(resting.parts[0]).toMatchObject({ state: 'running', step: 'names' });
    const { done } = resting.parts[0]!;
    expect(done).toBeLessThan(30);
    await system.simulator.clearFaults();
    await system.simulator.resetCalls();
    await wish(runId, 'run');
    const { parts } = await backfills.ended(runId);
    expect(parts[0]).toMatchObject({ state: 'done', stored: 30, missing: 0 });
    const { counts } = await system.simulator.getCalls();
    const reads = Object.entries(counts).filter(([name]) => /GET \/contacts\/:/.test(name));
    expect(reads.reduce((sum, [, count]) => sum + count, 0)).toBe(30 - done);
  });

  it('to cancel ends it: what runs, what rests and what has not begun', async () => {
    await sql`update contacts set is_exact = false`.execute(system.database.ownerDb);
    await slowDown();
    const runId = await backfills.start({ under: null, resources: ['contact', 'opportunity', 'transaction'] });
    await inTheMiddle(runId);
    await wish(runId, 'pause');
    await wish(runId, 'cancel');
    const { parts } = await backfills.ended(runId);
    await system.simulator.clearFaults();
    expect(parts.some(({ state }) => state === 'cancelled')).toBe(true);
    expect(parts.every(({ state }) => state === 'cancelled' || state === 'done')).toBe(true);
    const handle = system.client.temporal.workflow.getHandle(backfillRunWorkflowId(agency.agencyId, runId));
    expect(await handle.result()).toBe('cancelled');
    await wish(runId, 'run');
    expect((await backfills.get(runId)).run.wanted).toBe('cancel');
  });

  it('by Temporal’s own cancellation of a part ends that part', async () => {
    await sql`update contacts set is_exact = false`.execute(system.database.ownerDb);
    await slowDown();
    const runId = await backfills.start({ under: 'back-bay' });
    await inTheMiddle(runId);
    const workflowId = backfillWorkflowId(backfills.location('back-bay'), 'contact', runId);
    await system.client.temporal.workflow.getHandle(workflowId).cancel();
    const { parts } = await backfills.ended(runId);
    await system.simulator.clearFaults();
    expect(parts[0]!.state).toBe('cancelled');
  });
});

describe('a part whose workflow was ended by force', () => {
  it('goes on from where it was when its run looks again', async () => {
    await sql`update contacts set is_exact = false`.execute(system.database.ownerDb);
    await slowDown();
    const runId = await backfills.start({ under: 'back-bay' });
    await inTheMiddle(runId);
    const workflowId = backfillWorkflowId(backfills.location('back-bay'), 'contact', runId);
    await system.client.temporal.workflow.getHandle(workflowId).terminate();
    await system.simulator.clearFaults();
    // What a run does every ten minutes, and at once when it is itself continued.
    const run = system.client.temporal.workflow.getHandle(backfillRunWorkflowId(agency.agencyId, runId));
    await run.terminate();
    // Asked for again, a run that was ended by force goes on; one that has run to its end does not begin anew.
    await system.client.startBackfillRun({ agencyId: agency.agencyId, runId });
    expect((await run.describe()).status.name).toBe('RUNNING');
    await run.terminate();
    await system.client.temporal.workflow.start('backfillRun', {
      workflowId: run.workflowId,
      taskQueue: 'bulk',
      args: [{ agencyId: agency.agencyId, runId, wishes: [] }],
    });
    const { parts } = await backfills.ended(runId);
    expect(parts[0]).toMatchObject({ state: 'done', stored: 30, missing: 0, listed: 30 });
  });
});

describe('a backfill that is started by hand, without our codec', () => {
  const start = (input: object, more: object = {}) =>
    plain.client.workflow.execute('backfill', {
      workflowId: `by-hand-${randomUUID()}`,
      taskQueue: 'bulk',
      args: [input],
      ...more,
    });
  const input = () => ({ agencyId: agency.agencyId, locationId: backfills.location('chelsea'), resource: 'contact' });

  it('runs as one of its own, which people see and steer like any other', async () => {
    await sql`delete from contacts`.execute(system.database.ownerDb);
    // The report comes back sealed: who has no codec does not read it.
    await start({ ...input(), from: '2022-01-01', names: 'listed' }).catch(() => undefined);
    const runs = await system.database.ownerDb
      .selectFrom('backfill_runs')
      .selectAll()
      .where('made_by', '=', 'temporal')
      .execute();
    expect(runs).toHaveLength(1);
    expect(runs[0]).toMatchObject({ location_id: input().locationId, names: 'listed', resources: ['contact'] });
    expect(runs[0]!.ended_at).not.toBeNull();
    expect(runs[0]!.from_at!.toISOString()).toBe('2022-01-01T00:00:00.000Z');
    expect((await backfills.mirrored('chelsea')).size).toBe(30);
  });

  it.each<[string, (given: ReturnType<typeof input>) => object, string]>([
    ['an unknown resource', (given) => ({ ...given, resource: 'invoice' }), 'BackfillMalformed'],
    ['a field nobody knows', (given) => ({ ...given, evil: true }), 'BackfillMalformed'],
    ['no ids', () => ({ agencyId: 'x', locationId: 'y', resource: 'contact' }), 'BackfillMalformed'],
    [
      'a range the wrong way round',
      (given) => ({ ...given, from: '2024-01-02', to: '2024-01-01' }),
      'BackfillMalformed',
    ],
    ['a year nobody means', (given) => ({ ...given, from: '0202-01-02' }), 'BackfillMalformed'],
    ['no input', () => 'nothing' as never, 'BackfillMalformed'],
    ['an agency that is none', (given) => ({ ...given, agencyId: randomUUID() }), 'LocationNotFound'],
    [
      'another agency’s location',
      (given) => ({ ...given, locationId: neighbour.locations.get('chelsea') }),
      'LocationNotFound',
    ],
  ])('is refused for good with %s, before anything is done', async (_, spoil, code) => {
    const before = await system.database.ownerDb.selectFrom('backfill_runs').select('id').execute();
    await system.simulator.resetCalls();
    const workflowId = `refused-${randomUUID()}`;
    await start(spoil(input()), { workflowId }).catch(() => undefined);
    const error: unknown = await system.client.temporal.workflow
      .getHandle(workflowId)
      .result()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ cause: { cause: { type: code } } });
    expect(await system.database.ownerDb.selectFrom('backfill_runs').select('id').execute()).toEqual(before);
    expect((await system.simulator.getCalls()).last).toEqual([]);
  });
});

import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createDatabase } from '../../db/database.ts';
import { backfillWorkflowId } from '../../domain/workflow-ids.ts';
import { type BackfillHarness, createBackfillHarness, oldContacts } from '../stack/backfill-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { waitFor } from '../stack/wait.ts';

let system: TestSystem;
let backfills: BackfillHarness;
beforeAll(async () => {
  system = await startTestSystem({ ghl: { breaker: { openMs: 1_000 } } });
  const agency = await system.plant(smallAgency('one'));
  backfills = createBackfillHarness(system, agency);
  for (const name of agency.locations.keys()) {
    await system.simulator.changeLocation(backfills.ghlLocation(name), { rateLimit: { max: 10_000 } });
    await system.simulator.seed({ contacts: oldContacts(backfills.ghlLocation(name), 60) });
  }
  await system.startWorkers(['bulk']);
});
afterAll(() => system.stop());

const read = (runId: string, count: number) =>
  waitFor('some contacts to be read', async () => {
    const { parts } = await backfills.get(runId);
    return parts[0]!.step === 'names' && parts[0]!.done >= count;
  });

async function expectWhole(name: string, runId: string): Promise<void> {
  const { parts } = await backfills.ended(runId);
  expect(parts[0]).toMatchObject({ state: 'done', cause: null, listed: 60, checked: 60, stored: 60, missing: 0 });
  expect(await backfills.mirrored(name)).toEqual(await backfills.inGhl(name));
}

/** How often the step under way has been tried. */
async function attemptOf(name: string, runId: string): Promise<number> {
  const workflowId = backfillWorkflowId(backfills.location(name), 'contact', runId);
  const { raw } = await system.client.temporal.workflow.getHandle(workflowId).describe();
  return Math.max(0, ...(raw.pendingActivities ?? []).map(({ attempt }) => attempt ?? 0));
}

describe('a backfill goes on by itself and is whole', () => {
  it('after GHL was away in the middle of it', async () => {
    await system.simulator.addFault({ latencyMs: 100, path: '^/contacts/one-loc' });
    const runId = await backfills.start({ under: 'back-bay' });
    await read(runId, 1);
    await system.simulator.addFault({ status: 503, locationId: 'one-loc-back-bay' });
    await waitFor('a step that is tried again', async () => (await attemptOf('back-bay', runId)) > 1);
    await system.simulator.clearFaults();
    await expectWhole('back-bay', runId);
  });

  it('after GHL said that it was asked too often, as after answers that were cut', async () => {
    await system.simulator.addFault({ status: 429, retryAfterSeconds: 1, times: 6, locationId: 'one-loc-chelsea' });
    await system.simulator.addFault({ truncate: 'json', times: 2, skip: 9, locationId: 'one-loc-chelsea' });
    const runId = await backfills.start({ under: 'chelsea' });
    await expectWhole('chelsea', runId);
    expect((await system.simulator.listFaults()).filter(({ locationId }) => locationId === 'one-loc-chelsea')).toEqual(
      [],
    );
  });

  it('after Postgres was away in the middle of it', async () => {
    await system.simulator.addFault({ latencyMs: 100, path: '^/contacts/one-loc' });
    const runId = await backfills.start({ under: 'cambridge' });
    await read(runId, 1);
    const server = createDatabase({ url: inject('postgresUrl'), poolSize: 1 });
    const name = new URL(system.database.url).pathname.slice(1);
    await sql`alter database ${sql.id(name)} allow_connections false`.execute(server);
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`.execute(server);
    await waitFor('a step that is tried again', async () => (await attemptOf('cambridge', runId)) > 1);
    await sql`alter database ${sql.id(name)} allow_connections true`.execute(server);
    await server.destroy();
    await system.simulator.clearFaults();
    await expectWhole('cambridge', runId);
  });

  it('inside GHL’s limit, of which it leaves what others may need', async () => {
    await system.simulator.changeLocation('one-loc-east', { rateLimit: { max: 40, intervalMs: 1_000 } });
    await system.simulator.resetLimits();
    const runId = await backfills.start({ under: 'east' });
    // The region with its three locations; those have been read already.
    const { parts } = await backfills.ended(runId);
    expect(parts.every(({ state }) => state === 'done')).toBe(true);
    const use = (await system.simulator.listLimits()).find(({ resource }) => resource === 'one-loc-east')!;
    expect(use.refused).toBe(0);
    expect(use.allowed).toBeGreaterThan(60);
    expect(use.highestInSlidingWindow).toBeLessThanOrEqual(25);
  });
});

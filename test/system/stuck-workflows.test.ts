import { fileURLToPath } from 'node:url';
import { ApplicationFailure } from '@temporalio/common';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker, type WorkflowBundle } from '@temporalio/worker';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createStuckWorkflowWatch } from '../../api/stuck-workflows.ts';
import { createPayloadCodec } from '../../crypto/payload-codec.ts';
import { discardDeadLetter } from '../../db/dead-letter-discard.ts';
import { listDeadLetters } from '../../db/dead-letter-list.ts';
import { withScope } from '../../db/scope.ts';
import { AGENCY_ID, CAPABILITY, LEAD_STATUS } from '../../client/search-attributes.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { createTestLogger } from '../stack/test-logger.ts';
import { waitFor } from '../stack/wait.ts';
import type { contactSync as brokenSync } from './broken-workflows.ts';
import type { accountSync, agencyConnect, backfillRun, contactSync, leadIntake } from './mended-workflows.ts';

const bundle = (release: 'broken' | 'mended'): Promise<WorkflowBundle> =>
  bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL(`./${release}-workflows.ts`, import.meta.url)),
    logger: new DefaultLogger('WARN'),
  });

let system: TestSystem;
let connection: NativeConnection;
let releases: Record<'broken' | 'mended', WorkflowBundle>;
const [agencyId, neighbourId] = [uuidv7(), uuidv7()];
beforeAll(async () => {
  system = await startTestSystem();
  connection = await NativeConnection.connect({ address: system.temporalAddress });
  releases = { broken: await bundle('broken'), mended: await bundle('mended') };
});
afterAll(async () => {
  await connection.close();
  await system.stop();
});

const QUEUE = 'a-queue-of-the-test';
let stopWorker: (() => Promise<void>) | undefined;
afterEach(async () => stopWorker?.());

async function startWorker(release: 'broken' | 'mended'): Promise<void> {
  const worker = await Worker.create({
    connection,
    namespace: system.namespace,
    taskQueue: QUEUE,
    dataConverter: { payloadCodecs: [createPayloadCodec(system.keys)] },
    workflowBundle: releases[release],
    activities: {
      fail: async (type: string) => {
        throw ApplicationFailure.retryable('it fails', type);
      },
    },
  });
  const done = worker.run();
  stopWorker = async () => {
    stopWorker = undefined;
    worker.shutdown();
    await done;
  };
}

type Started = typeof brokenSync | typeof contactSync | typeof accountSync | typeof agencyConnect;

/** @param failing as what the step of a workflow fails that can be told so @param status a lead's */
async function start(type: string, capability: string, failing?: string, status?: string): Promise<string> {
  const workflowId = `${capability}/${uuidv7()}`;
  await system.client.temporal.workflow.start<Started | typeof leadIntake | typeof backfillRun>(type, {
    workflowId,
    taskQueue: QUEUE,
    args: failing === undefined ? [] : [failing],
    typedSearchAttributes: [
      { key: AGENCY_ID, value: agencyId },
      { key: CAPABILITY, value: capability },
      ...(status === undefined ? [] : [{ key: LEAD_STATUS, value: status }]),
    ],
  });
  return workflowId;
}
async function awaitFailure(workflowId: string): Promise<void> {
  const handle = system.client.temporal.workflow.getHandle(workflowId);
  await waitFor('the step to fail', async () => {
    const { raw } = await handle.describe();
    return raw.pendingActivities?.some(({ lastFailure }) => lastFailure);
  });
}
const watch = (laterMs = 0, perGroup?: number) =>
  createStuckWorkflowWatch({
    db: system.database.db,
    client: system.client,
    logger: createTestLogger(),
    now: () => new Date(Date.now() + laterMs),
    ...(perGroup !== undefined && { perGroup }),
  });
const lettersOf = (workflowId: string, of = agencyId) =>
  withScope(system.database.db, { agencyId: of }, (tx) =>
    listDeadLetters(tx, { subjectId: workflowId }, { limit: 10 }),
  );
const end = (workflowId: string) => system.client.temporal.workflow.getHandle(workflowId).terminate('the test is over');

describe('a workflow whose task keeps failing', () => {
  it('goes to an operator of its agency, once, and is settled when a worker can go on with it', async () => {
    await startWorker('broken');
    const workflowId = await start('contactSync', 'contact-sync');
    const discarded = await start('contactSync', 'contact-sync');
    const looks = watch();
    await waitFor('Temporal to report the problem', async () => (await looks.check()).failing === 2, 120_000);
    await watch().check();
    const [letter, ...more] = await lettersOf(workflowId);
    expect(more).toEqual([]);
    expect(letter).toMatchObject({
      capability: 'contact-sync',
      cause: 'workflow-task-failing:WorkflowWorkerUnhandledFailure',
      subject_kind: 'workflow',
      workflow_id: workflowId,
      resolved_at: null,
    });
    expect(await lettersOf(workflowId, neighbourId)).toEqual([]);

    const [other] = await lettersOf(discarded);
    await withScope(system.database.db, { agencyId }, (tx) =>
      discardDeadLetter(tx, other!.id, 'a test', { actor: 'test', origin: 'cli', now: new Date() }),
    );
    await watch().check();
    expect(await lettersOf(discarded)).toMatchObject([{ resolution: 'discarded' }]);

    await stopWorker!();
    await startWorker('mended');
    await waitFor('Temporal to take the problem away', async () => (await looks.check()).failing === 0, 120_000);
    expect(await lettersOf(workflowId)).toMatchObject([{ resolution: 'goes-on' }]);
    await Promise.all([end(workflowId), end(discarded)]);
  }, 300_000);
});

describe('a workflow that stands still', () => {
  it('goes to an operator when it waits for nothing that is known, and is settled when it ends', async () => {
    await startWorker('mended');
    const still = await start('contactSync', 'contact-sync');
    const waiting = await start('accountSync', 'account-sync');
    const failing = await start('agencyConnect', 'agency-connect');
    for (const each of [waiting, failing]) await awaitFailure(each);
    expect((await watch(50 * 60_000).check()).long).toBe(0);
    const later = watch(2 * 3_600_000);
    await waitFor('the list of workflows', async () => (await later.check()).long === 2);
    await later.check();
    expect(await lettersOf(still)).toMatchObject([
      { cause: 'running-long', capability: 'contact-sync', resolved_at: null },
    ]);
    expect(await lettersOf(failing)).toMatchObject([{ cause: 'running-long', capability: 'agency-connect' }]);
    expect(await lettersOf(waiting)).toEqual([]);
    await end(still);
    await waitFor('the list of workflows', async () => (await later.check()).long === 1);
    expect(await lettersOf(still)).toMatchObject([{ resolution: 'goes-on' }]);
    expect(await lettersOf(failing)).toMatchObject([{ resolved_at: null }]);
    await Promise.all([end(waiting), end(failing)]);
  });
});

describe('a workflow that may wait for days', () => {
  it('goes to an operator when its step keeps failing for what no waiting mends, whatever it is told meanwhile', async () => {
    await startWorker('mended');
    const routing = await start('leadIntake', 'lead-intake', 'Broken', 'routing');
    const assigned = await start('leadIntake', 'lead-intake', 'Broken', 'assigned');
    const waiting = await start('leadIntake', 'lead-intake', 'GhlUnavailable', 'routing');
    const run = await start('backfillRun', 'backfill', 'Broken');
    for (const each of [routing, assigned, waiting, run]) await awaitFailure(each);
    await system.client.temporal.workflow.getHandle(assigned).signal('tell');
    expect((await watch(50 * 60_000).check()).long).toBe(0);
    const later = watch(2 * 3_600_000);
    await waitFor('the list of workflows', async () => (await later.check()).long === 3);
    for (const [workflowId, capability] of [
      [routing, 'lead-intake'],
      [assigned, 'lead-intake'],
      [run, 'backfill'],
    ] as const) {
      const letters = await lettersOf(workflowId);
      expect(letters).toMatchObject([{ cause: 'running-long', capability, resolved_at: null }]);
      expect(letters[0]!.advice).toContain('(Broken)');
    }
    expect(await lettersOf(waiting)).toEqual([]);
    await Promise.all([routing, assigned, run].map(end));
    await waitFor('the end of all three', async () => (await later.check()).long === 0);
    expect(await lettersOf(routing)).toMatchObject([{ resolution: 'goes-on' }]);
    await end(waiting);
  });
});

describe('a workflow that stands still behind many that lawfully wait', () => {
  it('is found in its turn, and its letter stays open while others have theirs', async () => {
    await startWorker('mended');
    const still = await start('contactSync', 'contact-sync');
    await waitFor('the list of workflows', async () => (await watch(2 * 3_600_000).check()).long === 1);
    // Each has begun later, and so comes before it.
    const waiting: string[] = [];
    for (let turn = 0; turn < 3; turn += 1) waiting.push(await start('accountSync', 'account-sync'));
    const behind = await start('agencyConnect', 'agency-connect');
    const before = await start('agencyConnect', 'agency-connect');
    for (const each of [...waiting, behind, before]) await awaitFailure(each);
    const oneByOne = watch(2 * 3_600_000, 1);
    await waitFor('all turns', async () => (await oneByOne.check()).long === 3);
    for (const each of [still, behind, before])
      expect(await lettersOf(each)).toMatchObject([{ cause: 'running-long', resolved_at: null }]);
    for (const each of waiting) expect(await lettersOf(each)).toEqual([]);
    await Promise.all([still, behind, before, ...waiting].map(end));
  });
});

import { fileURLToPath } from 'node:url';
import { ApplicationFailure } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createStuckWorkflowWatch } from '../../api/stuck-workflows.ts';
import { discardDeadLetter } from '../../db/dead-letter-discard.ts';
import { listDeadLetters } from '../../db/dead-letter-list.ts';
import { withScope } from '../../db/scope.ts';
import { AGENCY_ID, CAPABILITY } from '../../client/search-attributes.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { createTestLogger } from '../stack/test-logger.ts';
import { waitFor } from '../stack/wait.ts';
import type { contactSync as brokenSync } from './broken-workflows.ts';
import type { accountSync, agencyConnect, contactSync } from './mended-workflows.ts';

let system: TestSystem;
let connection: NativeConnection;
const [agencyId, neighbourId] = [uuidv7(), uuidv7()];
beforeAll(async () => {
  system = await startTestSystem();
  connection = await NativeConnection.connect({ address: system.temporalAddress });
}, 60_000);
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
    workflowsPath: fileURLToPath(new URL(`./${release}-workflows.ts`, import.meta.url)),
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

async function start(type: string, capability: string): Promise<string> {
  const workflowId = `${capability}/${uuidv7()}`;
  await system.client.temporal.workflow.start<Started>(type, {
    workflowId,
    taskQueue: QUEUE,
    args: [],
    typedSearchAttributes: [
      { key: AGENCY_ID, value: agencyId },
      { key: CAPABILITY, value: capability },
    ],
  });
  return workflowId;
}
const watch = (laterMs = 0) =>
  createStuckWorkflowWatch({
    db: system.database.db,
    client: system.client,
    logger: createTestLogger(),
    now: () => new Date(Date.now() + laterMs),
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
    const handleOf = (workflowId: string) => system.client.temporal.workflow.getHandle(workflowId);
    for (const each of [waiting, failing])
      await waitFor('the step to fail', async () => {
        const { raw } = await handleOf(each).describe();
        return raw.pendingActivities?.some(({ lastFailure }) => lastFailure);
      });
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
  }, 120_000);
});

import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { pino } from 'pino';
import { type BackfillReport, createBackfillActivities } from '../activities/backfill.ts';
import { type BackfillPartRef, createBackfillGhlActivities, type WalkResult } from '../activities/backfill-ghl.ts';
import { parseKeyRing } from '../crypto/key-ring.ts';
import { createBreakerStore } from '../db/ghl-breakers.ts';
import { createBudgetStore } from '../db/ghl-budgets.ts';
import { createDatabase } from '../db/database.ts';
import { createTokenStore } from '../db/installs.ts';
import { createGhlGateway } from '../ghl/gateway.ts';
import { readUsage } from './usage.ts';

/** What the process that walks is told. */
export interface WalkerTask {
  databaseUrl: string;
  encryptionKeys: string;
  app: { clientId: string; clientSecret: string };
  ghlUrl: string;
  part: BackfillPartRef;
  /** After which it stops at the end of a walk; null: it goes to the end. */
  forMs: number | null;
}

export interface WalkerReport {
  tookMs: number;
  outcome: WalkResult['outcome'];
  /** Resident memory, twice a second. */
  memoryMiB: number[];
  /** While it walked. */
  cpuSeconds: number;
  /** What the second reading proved; null where the walk did not come to its end. */
  verified: BackfillReport | null;
}

const SAMPLE_EVERY_MS = 500;

/** Walks as a worker does, one walk after the other, without Temporal between. */
async function walk(task: WalkerTask): Promise<WalkerReport> {
  const db = createDatabase({ url: task.databaseUrl, poolSize: 12 });
  const keys = parseKeyRing(task.encryptionKeys);
  const ghl = createGhlGateway({
    baseUrl: task.ghlUrl,
    app: task.app,
    tokens: createTokenStore(db, keys),
    budget: createBudgetStore(db),
    breakers: createBreakerStore(db),
    log: pino({ level: 'silent' }),
  });
  const now = (): Date => new Date();
  const logger = new DefaultLogger('ERROR');
  const { walkBackfill } = createBackfillGhlActivities({ db, keys, ghl, now });
  const { openBackfill, endPart } = createBackfillActivities({ db, now });
  const run = <A, R>(activity: (args: A) => Promise<R>, args: A): Promise<R> =>
    new MockActivityEnvironment({}, { logger }).run<[A], R, (args: A) => Promise<R>>(activity, args);
  await run(openBackfill, { input: { ...task.part }, workflowId: 'bench', fallbackRunId: task.part.runId });
  const memoryMiB: number[] = [];
  const watch = setInterval(() => memoryMiB.push(readUsage().memoryMiB), SAMPLE_EVERY_MS);
  const before = readUsage();
  const startedMs = performance.now();
  let outcome: WalkResult['outcome'] = 'more';
  while (outcome === 'more' && (task.forMs === null || performance.now() - startedMs < task.forMs)) {
    ({ outcome } = await run(walkBackfill, task.part));
  }
  const verified =
    outcome === 'walked' ? await run(endPart, { ...task.part, state: 'done' as const, cause: null }) : null;
  const tookMs = performance.now() - startedMs;
  const cpuSeconds = readUsage().cpuSeconds - before.cpuSeconds;
  clearInterval(watch);
  await ghl.close();
  await db.destroy();
  return { tookMs, outcome, memoryMiB, cpuSeconds, verified };
}

process.once('message', (task: WalkerTask) => {
  walk(task).then(
    (report) => process.send!(report, () => process.disconnect()),
    (error: unknown) => {
      console.error(error);
      process.exitCode = 1;
      process.disconnect();
    },
  );
});

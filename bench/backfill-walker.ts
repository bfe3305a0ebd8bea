import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { pino } from 'pino';
import { createBackfillActivities } from '../activities/backfill.ts';
import { type BackfillPartRef, createBackfillGhlActivities, type WalkResult } from '../activities/backfill-ghl.ts';
import { parseKeyRing } from '../crypto/key-ring.ts';
import { createBreakerStore } from '../db/ghl-breakers.ts';
import { createBudgetStore } from '../db/ghl-budgets.ts';
import { createDatabase } from '../db/database.ts';
import { createTokenStore } from '../db/installs.ts';
import { createGhlGateway } from '../ghl/gateway.ts';

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
  /** Resident memory after the first walk, after the last, and the highest between. */
  memoryMiB: { first: number; last: number; highest: number };
}

const MIB = 1_048_576;

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
  const { openBackfill } = createBackfillActivities({ db, now });
  const run = <A, R>(activity: (args: A) => Promise<R>, args: A): Promise<R> =>
    new MockActivityEnvironment({}, { logger }).run<[A], R, (args: A) => Promise<R>>(activity, args);
  const memory: number[] = [];
  const watch = setInterval(() => memory.push(Math.round(process.memoryUsage.rss() / MIB)), 500);
  await run(openBackfill, { input: { ...task.part }, workflowId: 'bench', fallbackRunId: task.part.runId });
  const startedMs = performance.now();
  let outcome: WalkResult['outcome'] = 'more';
  while (outcome === 'more' && (task.forMs === null || performance.now() - startedMs < task.forMs)) {
    ({ outcome } = await run(walkBackfill, task.part));
  }
  const tookMs = performance.now() - startedMs;
  clearInterval(watch);
  await ghl.close();
  await db.destroy();
  // Until then modules are still being loaded.
  const settled = memory.slice(Math.min(20, Math.floor(memory.length / 10)));
  return {
    tookMs,
    outcome,
    memoryMiB: { first: settled[0] ?? 0, last: settled.at(-1) ?? 0, highest: Math.max(0, ...settled) },
  };
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

import { join } from 'node:path';
import { findFreePort } from '../scripts/stack/ports.ts';
import { startProcess, watchForUnexpectedEnd } from '../scripts/stack/process.ts';
import { type Log, waitUntilReady } from '../scripts/stack/progress.ts';
import { readResidentMiB } from './usage.ts';

const root = join(import.meta.dirname, '..');

export interface BenchWorker {
  /** Rejects when the worker ends although nobody stopped it. */
  failed: Promise<never>;
  /** Resident memory in MiB; not a number where the machine does not tell. */
  readMemory(): Promise<number>;
  stop(): Promise<void>;
}

/** The worker in a process of its own as in production, for some of its lanes. */
export async function startBenchWorker(
  environment: {
    databaseUrl: string;
    temporalAddress: string;
    encryptionKeys: string;
    ghlUrl: string;
    app: { clientId: string; clientSecret: string };
    lanes: string;
  },
  folder: string,
  log: Log,
): Promise<BenchWorker> {
  const port = await findFreePort();
  const child = await startProcess({
    name: 'Worker',
    command: process.execPath,
    args: ['--import', 'tsx', 'worker.ts'],
    cwd: root,
    env: {
      ...process.env,
      DATABASE_URL: environment.databaseUrl,
      TEMPORAL_ADDRESS: environment.temporalAddress,
      ENCRYPTION_KEYS: environment.encryptionKeys,
      GHL_BASE_URL: environment.ghlUrl,
      GHL_CLIENT_ID: environment.app.clientId,
      GHL_CLIENT_SECRET: environment.app.clientSecret,
      WORKER_QUEUES: environment.lanes,
      WORKER_HEALTH_PORT: String(port),
      LOG_LEVEL: 'warn',
    },
    logFile: join(folder, 'logs', 'worker.log'),
    recordFolder: join(folder, 'run'),
    stopTimeoutMs: 30_000,
  });
  const failed = watchForUnexpectedEnd(child);
  failed.catch(() => {});
  const probe = async (): Promise<void> => {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(3_000) });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`the worker answered ${answer.status}`);
  };
  try {
    await waitUntilReady({ what: 'the worker', probe, timeoutMs: 90_000, giveUp: failed, log });
  } catch (error) {
    await child.stop();
    throw error;
  }
  return {
    failed,
    readMemory: () => readResidentMiB(child.pid),
    stop: child.stop,
  };
}

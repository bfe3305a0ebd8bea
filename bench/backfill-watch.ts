import type { Kysely } from 'kysely';
import type { Database } from '../db/schema.ts';
import type { Log } from '../scripts/stack/progress.ts';
import type { BenchSimulator } from './simulator.ts';
import type { StepSample } from './step-pace.ts';

export interface BackfillWatch {
  samples: StepSample[];
  /** Of the simulator. */
  memoryMiB: number[];
  /** Resolves when no look is under way any more. */
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 500;
const SAY_EVERY = 40;

/** Looks twice a second how far a run is and what the simulator holds, and says so now and then. */
export function watchBackfill(
  owner: Kysely<Database>,
  simulator: Pick<BenchSimulator, 'readUsage'>,
  runId: string,
  log: Log,
): BackfillWatch {
  const samples: StepSample[] = [];
  const memoryMiB: number[] = [];
  const startedMs = performance.now();
  const look = async (): Promise<void> => {
    const part = await owner
      .selectFrom('backfill_parts')
      .select(['step', 'done', 'total'])
      .where('run_id', '=', runId)
      .executeTakeFirstOrThrow();
    samples.push({ atMs: performance.now() - startedMs, step: part.step, done: part.done });
    memoryMiB.push((await simulator.readUsage()).memoryMiB);
    if (samples.length % SAY_EVERY === 0) log(`${part.step ?? 'begins'}: ${part.done} of ${part.total ?? '?'}`);
  };
  let looking: Promise<void> = look();
  let isLooking = true;
  const timer = setInterval(() => {
    // A look that takes long on a loaded machine is not followed by a heap of others.
    if (isLooking) return;
    isLooking = true;
    looking = look().finally(() => (isLooking = false));
  }, LOOK_EVERY_MS);
  looking = looking.finally(() => (isLooking = false));
  return {
    samples,
    memoryMiB,
    async stop() {
      clearInterval(timer);
      await looking;
      await look();
    },
  };
}

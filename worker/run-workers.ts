import type { Worker } from '@temporalio/worker';

/**
 * Runs the workers until the signal stops them. When one ends by itself the others are stopped too: a process that polls
 * only some of its queues looks alive and leaves work lying.
 * @throws what the first worker failed with, when all have stopped
 */
export async function runWorkers(workers: readonly Worker[], signal: AbortSignal): Promise<void> {
  const stop = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  const running = workers.map((worker) => worker.run().finally(stop));
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  const outcomes = await Promise.allSettled(running);
  signal.removeEventListener('abort', stop);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}

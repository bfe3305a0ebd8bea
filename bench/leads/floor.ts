import { once } from 'node:events';
import type { Client } from '@temporalio/client';
import { hear, startChild } from '../child.ts';
import { FLOOR_QUEUE, type FloorTask, type FloorWord } from './floor-worker.ts';
import type { oneEmptyStep } from './floor-workflows.ts';

/** As many starts at once as the API has in flight. */
const STARTS_IN_FLIGHT = 20;

export interface Floor {
  /** Starts so many workflows as fast as Temporal takes them. @returns how many had their activity run a second */
  measure(count: number): Promise<number>;
  stop(): Promise<void>;
}

/** What the same Temporal server and a worker of its own do at best, on the same machine and in the same run. */
export async function startFloor(temporal: Client, task: FloorTask): Promise<Floor> {
  const child = startChild('./leads/floor-worker.ts');
  const polling = hear<FloorWord>(child);
  child.send(task);
  await polling;
  let ran = 0;
  let onRun: () => void = () => {};
  child.on('message', () => {
    ran += 1;
    onRun();
  });
  let turn = 0;
  return {
    async measure(count) {
      const all = ran + count;
      const ended = new Promise<void>((resolve) => (onRun = () => ran >= all && resolve()));
      const last = turn + count;
      const startedMs = performance.now();
      const start = async (): Promise<void> => {
        while (turn < last) {
          turn += 1;
          const options = { taskQueue: FLOOR_QUEUE, workflowId: `floor/${turn}`, args: [] as [] };
          await temporal.workflow.start<typeof oneEmptyStep>('oneEmptyStep', options);
        }
      };
      await Promise.all(Array.from({ length: STARTS_IN_FLIGHT }, start));
      await ended;
      return count / ((performance.now() - startedMs) / 1_000);
    },
    async stop() {
      const exit = once(child, 'exit');
      child.disconnect();
      await exit;
    },
  };
}

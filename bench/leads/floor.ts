import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { hear, startChild } from '../child.ts';
import { FLOOR_QUEUE, type FloorTask, type FloorWord } from './floor-worker.ts';
import type { oneEmptyStep } from './floor-workflows.ts';

/** As many starts at once as the API has in flight. */
const STARTS_IN_FLIGHT = 20;

export interface Floor {
  /** Starts so many workflows as fast as Temporal takes them. @returns how many had their activity run a second */
  measure(count: number): Promise<number>;
  /** Starts so many at a steady pace. @returns from each start to its activity having run, in milliseconds */
  pace(count: number, perSecond: number): Promise<number[]>;
  stop(): Promise<void>;
}

/** What the same Temporal server and a worker of its own do at best, on the same machine and in the same run. */
export async function startFloor(temporal: Client, task: FloorTask): Promise<Floor> {
  const child = startChild('./leads/floor-worker.ts');
  const polling = hear<FloorWord>(child);
  child.send(task);
  await polling;
  let ran = 0;
  let onRun: (workflowId: string) => void = () => {};
  child.on('message', (word: Exclude<FloorWord, 'polling'>) => {
    ran += 1;
    onRun(word.ran);
  });
  let turn = 0;
  const begin = async (workflowId: string): Promise<void> => {
    const options = { taskQueue: FLOOR_QUEUE, workflowId, args: [] as [] };
    await temporal.workflow.start<typeof oneEmptyStep>('oneEmptyStep', options);
  };
  return {
    async measure(count) {
      const all = ran + count;
      const ended = new Promise<void>((resolve) => (onRun = () => ran >= all && resolve()));
      const last = turn + count;
      const startedMs = performance.now();
      const start = async (): Promise<void> => {
        while (turn < last) {
          turn += 1;
          await begin(`floor/${turn}`);
        }
      };
      await Promise.all(Array.from({ length: STARTS_IN_FLIGHT }, start));
      await ended;
      return count / ((performance.now() - startedMs) / 1_000);
    },
    async pace(count, perSecond) {
      const begunMs = new Map<string, number>();
      const tookMs: number[] = [];
      const ended = new Promise<void>((resolve) => {
        onRun = (workflowId) => {
          const begun = begunMs.get(workflowId);
          // An activity that is tried again has run before.
          if (begun === undefined || !begunMs.delete(workflowId)) return;
          tookMs.push(performance.now() - begun);
          if (tookMs.length === count) resolve();
        };
      });
      const startedMs = performance.now();
      const starts: Promise<void>[] = [];
      for (let index = 0; index < count; index += 1) {
        await sleep(Math.max(0, startedMs + (index * 1_000) / perSecond - performance.now()));
        turn += 1;
        const workflowId = `floor/${turn}`;
        begunMs.set(workflowId, performance.now());
        starts.push(begin(workflowId));
      }
      await Promise.all(starts);
      await ended;
      return tookMs;
    },
    async stop() {
      const exit = once(child, 'exit');
      child.disconnect();
      await exit;
    },
  };
}

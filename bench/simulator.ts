import { once } from 'node:events';
import { type ControlClient, createControlClient } from '../simulator/control-client.ts';
import { hear, startChild } from './child.ts';
import type { SimulatorGreeting } from './simulator-process.ts';
import type { Usage } from './usage.ts';

export interface BenchSimulator {
  url: string;
  control: ControlClient;
  /** What its process has used. One question at a time. */
  readUsage(): Promise<Usage>;
  stop(): Promise<void>;
}

/** Starts a simulator in a process of its own. @throws Error when it ends before it listens */
export async function startBenchSimulator(): Promise<BenchSimulator> {
  const child = startChild('./simulator-process.ts');
  const { url } = await hear<SimulatorGreeting>(child);
  return {
    url,
    control: createControlClient(url),
    async readUsage() {
      const usage = hear<Usage>(child);
      child.send('usage');
      return usage;
    },
    async stop() {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

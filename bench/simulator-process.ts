import { startSimulator } from '../simulator/simulator.ts';
import { readUsage } from './usage.ts';

/** What it says first. */
export interface SimulatorGreeting {
  url: string;
}

/** The simulator in a process of its own: its CPU and memory are not those of what is measured. */
const simulator = await startSimulator({ port: 0 });
process.on('message', () => process.send!(readUsage()));
process.once('disconnect', () => process.exit());
process.send!({ url: simulator.url } satisfies SimulatorGreeting);

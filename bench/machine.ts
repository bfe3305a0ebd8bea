import { execFile } from 'node:child_process';
import { arch, cpus, loadavg, release, totalmem, type } from 'node:os';
import { promisify } from 'node:util';
import { resolvePostgresBinaries } from '../scripts/stack/postgres-binaries.ts';
import type { Log } from '../scripts/stack/progress.ts';
import { resolveTemporalBinary } from '../scripts/stack/temporal-binary.ts';

/** On what was measured: figures of different machines are not compared. */
export interface Machine {
  measuredAt: string;
  cpu: string;
  cores: number;
  memoryMiB: number;
  os: string;
  node: string;
  /** As the programs call themselves that a run starts here. */
  postgres: string;
  temporal: string;
  /** Over 1, 5 and 15 minutes, before anything was done. */
  loadAverageBefore: number[];
}

const loadAverageBefore = loadavg();

/** What this machine is, and what runs on it. Figures are not lost where a program says nothing: it is `unknown` then. */
export async function describeMachine(log: Log): Promise<Machine> {
  return {
    measuredAt: new Date().toISOString(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    os: `${type()} ${release()} ${arch()}`,
    node: process.version,
    postgres: await askVersion(async () => (await resolvePostgresBinaries()).postgres),
    temporal: await askVersion(() => resolveTemporalBinary(log)),
    loadAverageBefore,
  };
}

async function askVersion(findProgram: () => Promise<string>): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(await findProgram(), ['--version'], { timeout: 10_000 });
    return stdout.trim();
  } catch {
    return 'unknown';
  }
}

/** The same in a line. */
export const showMachine = (machine: Machine): string => {
  const { cpu, cores, memoryMiB, os, node, postgres, temporal } = machine;
  const load = machine.loadAverageBefore.map((each) => each.toFixed(2)).join(' ');
  return `on ${cores} cores of ${cpu}, ${memoryMiB} MiB, ${os}; Node ${node}, ${postgres}, ${temporal}; load average before: ${load}`;
};

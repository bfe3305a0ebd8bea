import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findFreePort } from '../scripts/stack/ports.ts';
import type { Log } from '../scripts/stack/progress.ts';
import { PORT_VARIABLES } from '../scripts/stack/settings.ts';

export interface StartRun {
  what: string;
  seconds: number;
  exitCode: number;
  /** Of the clone with all that the command left in it, in MiB. */
  diskMiB: number;
}

const root = join(import.meta.dirname, '..');
const START = ['start', '--', '--scenario', 'once'];
const TESTS = ['test'];

/**
 * Clones what is committed into an empty folder, twice where tests are wanted too, and runs the main job there, and the
 * tests, each for the first and the second time. npm's cache and the per-user cache of Temporal's program are the machine's own.
 */
export async function measureStart(withTests: boolean, log: Log): Promise<StartRun[]> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-start-'));
  try {
    const runs: StartRun[] = [];
    for (const args of withTests ? [START, TESTS] : [START]) {
      const clone = join(folder, args[0]!);
      await promisify(execFile)('git', ['clone', '--quiet', root, clone]);
      for (const turn of ['first', 'second']) {
        const run = await runOnce(clone, args, turn);
        log(`${run.what}: ${run.seconds.toFixed(0)} s, exit code ${run.exitCode}`);
        runs.push(run);
      }
    }
    return runs;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runOnce(clone: string, args: readonly string[], turn: string): Promise<StartRun> {
  const ports = await Promise.all(PORT_VARIABLES.map(async (name) => [name, String(await findFreePort())] as const));
  const startedMs = performance.now();
  const env = { ...process.env, ...Object.fromEntries(ports) };
  const child = spawn('npm', [...args], { cwd: clone, env, stdio: 'ignore' });
  const [exitCode] = (await once(child, 'exit')) as [number | null];
  const seconds = (performance.now() - startedMs) / 1_000;
  const { stdout } = await promisify(execFile)('du', ['-sk', clone]);
  const diskMiB = Number(stdout.split('\t', 1)[0]) / 1_024;
  return { what: `npm ${args[0]}, ${turn} time`, seconds, exitCode: exitCode ?? 1, diskMiB };
}

export const checkStart = (runs: readonly StartRun[]) =>
  runs.map(({ what, exitCode }) => ({ what: `${what} ends well`, passed: exitCode === 0 }));

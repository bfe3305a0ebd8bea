import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Check } from './checks.ts';

export interface CheckResult {
  title: string;
  passed: boolean;
  tookMs: number;
}

const root = join(import.meta.dirname, '..');

/** How many checks run beside each other: each uses one core. */
const SIDE_BY_SIDE = 2;

/**
 * Runs one check as the only one, and prints its heading, what it prints, and its time.
 * @param environment added to ours
 */
export async function runCheck(check: Check, environment: Record<string, string> = {}): Promise<CheckResult> {
  console.log(heading(check));
  const startedAt = Date.now();
  const code = await endOf(startProgram(check, { environment, stdio: 'inherit' }));
  return conclude(check, code, startedAt);
}

/** Runs checks, two at a time and all of them, whatever the earlier ones say. What one prints stands together. */
export async function runChecks(checks: readonly Check[]): Promise<CheckResult[]> {
  const results = new Map<Check, CheckResult>();
  const waiting = checks.values();
  const work = async (): Promise<void> => {
    for (const check of waiting) {
      const startedAt = Date.now();
      const child = startProgram(check, { environment: {}, stdio: 'pipe' });
      const printed: Buffer[] = [];
      child.stdout?.on('data', (part: Buffer) => printed.push(part));
      child.stderr?.on('data', (part: Buffer) => printed.push(part));
      const code = await endOf(child);
      console.log(heading(check));
      process.stdout.write(Buffer.concat(printed));
      results.set(check, conclude(check, code, startedAt));
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
  return checks.flatMap((check) => results.get(check) ?? []);
}

const heading = ({ title }: Check): string => `\n=== ${title}`;

function startProgram(
  { program, args }: Check,
  { environment, stdio }: { environment: Record<string, string>; stdio: 'inherit' | 'pipe' },
): ChildProcess {
  return spawn(join(root, 'node_modules', '.bin', program), args, {
    cwd: root,
    stdio: ['ignore', stdio, stdio],
    env: { ...process.env, ...environment },
    shell: process.platform === 'win32',
  });
}

/** @returns the exit code once all that was printed has come; 127 when it could not be started, null for a signal */
function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(error.message);
      resolve(127);
    });
    child.once('close', resolve);
  });
}

function conclude({ title }: Check, code: number | null, startedAt: number): CheckResult {
  const tookMs = Date.now() - startedAt;
  console.log(`--- ${title}: ${code === 0 ? 'passed' : 'FAILED'} in ${(tookMs / 1000).toFixed(1)} s`);
  return { title, passed: code === 0, tookMs };
}

/** A table of the results, for the end of the output. */
export function describeResults(results: CheckResult[]): string {
  const lines = results.map(
    ({ title, passed, tookMs }) =>
      `  ${passed ? 'passed' : 'FAILED'}  ${(tookMs / 1000).toFixed(1).padStart(6)} s  ${title}`,
  );
  return `\n=== summary\n${lines.join('\n')}`;
}

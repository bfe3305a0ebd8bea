import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Check } from './checks.ts';

export interface CheckResult {
  title: string;
  passed: boolean;
  tookMs: number;
}

const root = join(import.meta.dirname, '..');

/**
 * Runs one check and prints its heading, what it printed, and its time.
 * @param environment added to ours
 */
export async function runCheck(check: Check, environment: Record<string, string> = {}): Promise<CheckResult> {
  const startedAt = Date.now();
  console.log(`\n=== ${check.title}`);
  const code = await new Promise<number | null>((resolve) => {
    const child = spawn(join(root, 'node_modules', '.bin', check.program), check.args, {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, ...environment },
      shell: process.platform === 'win32',
    });
    child.once('error', (error) => {
      console.error(error.message);
      resolve(127);
    });
    child.once('exit', resolve);
  });
  const tookMs = Date.now() - startedAt;
  console.log(`--- ${check.title}: ${code === 0 ? 'passed' : 'FAILED'} in ${(tookMs / 1000).toFixed(1)} s`);
  return { title: check.title, passed: code === 0, tookMs };
}

/** Runs checks one after the other, all of them, whatever the earlier ones say. */
export async function runChecks(checks: Check[]): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) results.push(await runCheck(check));
  return results;
}

/** A table of the results, for the end of the output. */
export function describeResults(results: CheckResult[]): string {
  const lines = results.map(
    ({ title, passed, tookMs }) =>
      `  ${passed ? 'passed' : 'FAILED'}  ${(tookMs / 1000).toFixed(1).padStart(6)} s  ${title}`,
  );
  return `\n=== summary\n${lines.join('\n')}`;
}

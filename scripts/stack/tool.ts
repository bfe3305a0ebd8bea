import { spawn } from 'node:child_process';
import { guardProcessGroup } from './guardian.ts';

export interface ToolResult {
  /** null when it was killed, for example because its time was up. */
  code: number | null;
  /** What it wrote to standard error, at most the last 20,000 characters. */
  output: string;
}

/**
 * Runs a program to its end. It and what it started is killed when its time is up, and when this process ends first.
 * A program that is not there counts as one that failed, with the reason as its output.
 */
export function runTool(
  command: string,
  args: string[],
  options: { timeoutMs: number; cwd?: string; env?: NodeJS.ProcessEnv },
): Promise<ToolResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-20_000)));
    child.once('error', (error) => resolve({ code: 127, output: error.message }));
    const { pid } = child;
    if (pid === undefined) return;
    const forget = guardProcessGroup(pid, 'SIGKILL');
    const timer = setTimeout(() => {
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // It ended at this very moment.
      }
    }, options.timeoutMs);
    child.once('close', (code) => {
      clearTimeout(timer);
      forget();
      resolve({ code, output });
    });
  });
}

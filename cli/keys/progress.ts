import type { Terminal } from '../terminal.ts';

const EVERY_MS = 2_000;

/**
 * Tells on standard error how far a long command is, every two seconds at most: a line for a person, or for a program
 * a JSON object with `progress`.
 */
export function createProgress(terminal: Terminal, isJson: boolean): (progress: object, line: string) => void {
  let toldAtMs = terminal.now().getTime();
  return (progress, line) => {
    const nowMs = terminal.now().getTime();
    if (nowMs - toldAtMs < EVERY_MS) return;
    toldAtMs = nowMs;
    terminal.writeError(isJson ? `${JSON.stringify({ progress })}\n` : `${line}\n`);
  };
}

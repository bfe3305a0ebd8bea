import { userInfo } from 'node:os';
import type { Terminal } from './terminal.ts';

/** The terminal this process was started at. */
export const systemTerminal = (): Terminal => ({
  environment: process.env,
  folder: process.cwd(),
  stdin: process.stdin,
  write: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
  isInteractive: process.stderr.isTTY,
  user: findUserName(),
  now: () => new Date(),
});

/** In a container the user may have no name. */
function findUserName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}

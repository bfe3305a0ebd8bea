import { userInfo } from 'node:os';
import { runCommand } from './run.ts';

process.exitCode = await runCommand(process.argv.slice(2), {
  environment: process.env,
  folder: process.cwd(),
  stdin: process.stdin,
  write: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
  user: userInfo().username,
  now: () => new Date(),
});

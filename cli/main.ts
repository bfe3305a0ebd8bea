import { runCommand } from './run.ts';
import { systemTerminal } from './system-terminal.ts';

process.exitCode = await runCommand(process.argv.slice(2), systemTerminal());

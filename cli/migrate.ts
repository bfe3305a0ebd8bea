import { runMigration } from './migration.ts';
import { systemTerminal } from './system-terminal.ts';

process.exitCode = await runMigration(process.argv.slice(2), systemTerminal());

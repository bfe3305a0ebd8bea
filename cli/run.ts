import { type Command, CommanderError } from 'commander';
import { EnvironmentFileError } from './environment.ts';
import { explainFailure, InputError } from './failure.ts';
import { createProgram } from './program.ts';
import { createSession } from './session.ts';
import type { Terminal } from './terminal.ts';

const NOT_UNDERSTOOD = 2;

/**
 * Runs one command.
 * @param args as typed, without the program's name
 * @returns the exit code: 0 done, 1 refused or failed, 2 not understood
 */
export async function runCommand(args: string[], terminal: Terminal): Promise<number> {
  const session = createSession(terminal);
  const program = createProgram(session);
  onEach(program, (command) =>
    command
      .exitOverride()
      .configureOutput({ writeOut: (text) => terminal.write(text), writeErr: (text) => terminal.writeError(text) }),
  );
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has said itself what it did not understand.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : NOT_UNDERSTOOD;
    const failure = explainFailure(error);
    const isJson = args.includes('--json');
    terminal.writeError(isJson ? `${JSON.stringify({ error: failure })}\n` : `${failure.message}\n`);
    return error instanceof InputError || error instanceof EnvironmentFileError ? NOT_UNDERSTOOD : 1;
  } finally {
    await session.close();
  }
}

function onEach(command: Command, work: (command: Command) => void): void {
  work(command);
  for (const each of command.commands) onEach(each, work);
}

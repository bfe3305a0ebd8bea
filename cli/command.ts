import { type Command, Option } from 'commander';
import type { Transaction } from 'kysely';
import type { z } from 'zod';
import { findAgency } from '../db/agencies.ts';
import { audit } from '../db/audit-log.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { CommandError, InputError } from './failure.ts';
import type { Answer } from './output.ts';
import type { Session } from './session.ts';

/** Makes a command do its work: everything typed passes the schema first, the answer is printed last. */
export function perform<Schema extends z.ZodType>(
  command: Command,
  session: Session,
  schema: Schema,
  work: (input: z.output<Schema>) => Promise<Answer>,
): void {
  command.action(async () => {
    const positional = command.registeredArguments.map((argument, index) => [
      argument.name(),
      command.processedArgs[index] as unknown,
    ]);
    const typed = { ...command.optsWithGlobals(), ...Object.fromEntries(positional) } as Record<string, unknown>;
    const read = schema.safeParse(typed);
    if (!read.success) {
      throw new InputError(read.error.issues.map((issue) => `${nameOf(command, issue.path[0])}: ${issue.message}`));
    }
    const answer = await work(read.data);
    session.terminal.write(`${typed['json'] === true ? JSON.stringify(answer.data, null, 2) : answer.text}\n`);
  });
}

function nameOf(command: Command, key: PropertyKey | undefined): string {
  const option = command.options.find((each) => each.attributeName() === key);
  return option?.long ?? `<${String(key)}>`;
}

/** Adds `--agency`, which can also be set once for a shell. */
export const addAgencyOption = (command: Command): Command =>
  command.addOption(
    new Option('--agency <id>', 'the agency, as agency create printed it')
      .env('SWITCHYARD_AGENCY')
      .makeOptionMandatory(),
  );

/**
 * Runs a command's whole work in one transaction that sees the agency and nothing else.
 * @throws CommandError when there is no such agency
 */
export async function inAgency<T>(
  session: Session,
  agencyId: string,
  work: (tx: Transaction<Database>) => Promise<T>,
): Promise<T> {
  return withScope(await session.db(), { agencyId }, async (tx) => {
    if (!(await findAgency(tx))) throw new CommandError('unknown-agency', `There is no agency ${agencyId}.`);
    return work(tx);
  });
}

/** Notes in the audit log what the operator did. */
export async function recordAct(
  tx: Transaction<Database>,
  session: Session,
  act: {
    agencyId: string;
    action: string;
    subject: string;
    before?: Record<string, unknown>;
    after?: Record<string, unknown>;
  },
): Promise<void> {
  await audit(tx, { ...act, actor: session.actor, origin: 'cli' });
}

import type { Command } from 'commander';
import { z } from 'zod';
import { listDeadLetters } from '../db/dead-letters.ts';
import { withSystemRole } from '../db/scope.ts';
import { addAgencyOption, inAgency, perform } from './command.ts';
import { inAgencyInput, limit } from './inputs.ts';
import { type Answer, formatTable } from './output.ts';
import type { Session } from './session.ts';

const unclaimedInput = z.object({ all: z.boolean().default(false), limit });
const input = unclaimedInput.extend(inAgencyInput);

export function addDeadLetterCommands(program: Command, session: Session): void {
  const letters = program.command('dead-letters').description('work that stopped for good and waits for an operator');
  const list = letters
    .command('list')
    .description('the newest first, each with what can be done about it')
    .option('--all', 'those that are resolved, too')
    .option('--limit <n>', 'how many', '50');
  addAgencyOption(list);
  perform(list, session, input, (given) => showDeadLetters(session, given));
  const unclaimed = letters
    .command('unclaimed')
    .description('those of no agency that is known, such as events of a location that nobody has added')
    .option('--all', 'those that are resolved, too')
    .option('--limit <n>', 'how many', '50');
  perform(unclaimed, session, unclaimedInput, (given) => showUnclaimed(session, given));
}

async function showDeadLetters(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const options = { withResolved: given.all, limit: given.limit };
  return describeLetters(await inAgency(session, given.agency, (tx) => listDeadLetters(tx, options)));
}

async function showUnclaimed(session: Session, given: z.infer<typeof unclaimedInput>): Promise<Answer> {
  const options = { withResolved: given.all, limit: given.limit };
  return describeLetters(await withSystemRole(await session.db(), 'upkeep', (tx) => listDeadLetters(tx, options)));
}

function describeLetters(letters: Awaited<ReturnType<typeof listDeadLetters>>): Answer {
  const rows = letters.map((letter) => [
    letter.created_at,
    letter.capability,
    letter.cause,
    `${letter.subject_kind}:${letter.subject_id}`,
    letter.resolved_at === null ? letter.advice : `resolved: ${letter.resolution ?? ''}`,
  ]);
  const headings = ['since', 'capability', 'cause', 'what', 'what to do'];
  return { data: letters, text: formatTable(headings, rows, 'There are none.') };
}

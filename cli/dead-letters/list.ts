import type { Command } from 'commander';
import { z } from 'zod';
import { listDeadLetters } from '../../db/dead-letter-list.ts';
import { DEAD_LETTER_STATES } from '../../domain/dead-letter.ts';
import { type DeadLetterView, viewDeadLetter } from '../../domain/dead-letter-view.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { id, inAgencyInput, limit } from '../inputs.ts';
import { type Answer, formatTable } from '../output.ts';
import type { Session } from '../session.ts';
import { addFilterOptions, filterInput, readFilter } from './filter.ts';

export const stateInput = z
  .enum([...DEAD_LETTER_STATES, 'all'], `wanted is one of ${DEAD_LETTER_STATES.join(', ')} and all`)
  .default('open')
  .transform((state) => (state === 'all' ? undefined : state));

const input = z.object({
  ...inAgencyInput,
  ...filterInput,
  state: stateInput,
  limit,
  cursor: id.optional(),
});

export function addDeadLettersList(letters: Command, session: Session): void {
  const list = letters.command('list').description('the newest first, each with what can be done about it');
  addFilterOptions(list)
    .option('--state <state>', `one of ${DEAD_LETTER_STATES.join(', ')} and all`, 'open')
    .option('--limit <n>', 'how many', '50')
    .option('--cursor <id>', 'go on after this letter, the last of the page before');
  addAgencyOption(list);
  perform(list, session, input, async (given) => {
    const found = await inAgency(session, given.agency, async (tx) => {
      const filter = await readFilter(tx, given, session.terminal.now());
      // One more than asked for tells whether there is a next page.
      return listDeadLetters(tx, { ...filter, state: given.state }, { after: given.cursor, limit: given.limit + 1 });
    });
    const page = found.slice(0, given.limit).map(viewDeadLetter);
    const nextCursor = found.length > given.limit ? (page.at(-1)?.id ?? null) : null;
    return describeLetters(page, nextCursor);
  });
}

/** Letters as a table, and where the next page begins. */
export function describeLetters(page: DeadLetterView[], nextCursor: string | null): Answer {
  const rows = page.map((letter) => [
    letter.id,
    letter.since,
    letter.capability,
    letter.cause,
    `${letter.subject.kind}:${letter.subject.id}`,
    letter.redrive.possible,
    letter.state === 'open' ? letter.advice : `${letter.state}: ${letter.discardReason ?? letter.resolution ?? ''}`,
  ]);
  const headings = ['id', 'since', 'capability', 'cause', 'what', 'redrive', 'what to do'];
  const more = nextCursor === null ? '' : `\n\nThere are more: --cursor ${nextCursor}`;
  const text = `${formatTable(headings, rows, 'There are none.')}${more}`;
  return { data: { deadLetters: page, nextCursor }, text };
}

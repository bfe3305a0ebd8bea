import type { Command } from 'commander';
import { z } from 'zod';
import { groupDeadLetters } from '../../db/dead-letter-list.ts';
import { DEAD_LETTER_STATES } from '../../domain/dead-letter.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { inAgencyInput } from '../inputs.ts';
import { formatTable } from '../output.ts';
import type { Session } from '../session.ts';
import { addFilterOptions, filterInput, readFilter } from './filter.ts';
import { stateInput } from './list.ts';

const input = z.object({ ...inAgencyInput, ...filterInput, state: stateInput });

export function addDeadLettersGroups(letters: Command, session: Session): void {
  const groups = letters.command('groups').description('how many there are by capability and cause, and since when');
  addFilterOptions(groups).option('--state <state>', `one of ${DEAD_LETTER_STATES.join(', ')} and all`, 'open');
  addAgencyOption(groups);
  perform(groups, session, input, async (given) => {
    const found = await inAgency(session, given.agency, async (tx) => {
      const filter = await readFilter(tx, given, session.terminal.now());
      return groupDeadLetters(tx, { ...filter, state: given.state });
    });
    const rows = found.map((group) => [
      group.letters,
      group.capability,
      group.cause,
      group.subjectKind,
      group.oldestAt,
      group.newestAt,
    ]);
    const headings = ['letters', 'capability', 'cause', 'about', 'oldest', 'newest'];
    return { data: { groups: found }, text: formatTable(headings, rows, 'There are none.') };
  });
}

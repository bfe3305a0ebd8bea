import type { Command } from 'commander';
import { z } from 'zod';
import { listDeadLetters } from '../../db/dead-letter-list.ts';
import { withSystemRole } from '../../db/scope.ts';
import { viewDeadLetter } from '../../domain/dead-letter-view.ts';
import { perform } from '../command.ts';
import { limit } from '../inputs.ts';
import type { Session } from '../session.ts';
import { describeLetters } from './list.ts';

const input = z.object({ all: z.boolean().default(false), limit });

export function addDeadLettersUnclaimed(letters: Command, session: Session): void {
  const unclaimed = letters
    .command('unclaimed')
    .description('those of no agency that is known, such as events of a location that nobody has added')
    .option('--all', 'those that are resolved, too')
    .option('--limit <n>', 'how many', '50');
  perform(unclaimed, session, input, async (given) => {
    const filter = { state: given.all ? undefined : ('open' as const) };
    const page = { limit: given.limit };
    const found = await withSystemRole(await session.db(), 'operators', (tx) => listDeadLetters(tx, filter, page));
    return describeLetters(found.map(viewDeadLetter), null);
  });
}

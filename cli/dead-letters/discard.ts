import type { Command } from 'commander';
import { z } from 'zod';
import { discardDeadLetter, type DiscardOutcome } from '../../db/dead-letter-discard.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { CommandError } from '../failure.ts';
import { id, inAgencyInput, text } from '../inputs.ts';
import { formatTable } from '../output.ts';
import type { Session } from '../session.ts';
import { unknownLetter } from './show.ts';

const input = z.object({ ...inAgencyInput, letters: z.array(id).min(1).max(500), reason: text(500) });

export function addDeadLettersDiscard(letters: Command, session: Session): void {
  const discard = letters
    .command('discard')
    .description('put letters away about which nothing is to be done')
    .argument('<letters...>', 'their ids, as dead-letters list shows them')
    .requiredOption('--reason <text>', 'why; it stands with the letter');
  addAgencyOption(discard);
  perform(discard, session, input, async ({ agency, letters: ids, reason }) => {
    const act = { actor: session.actor, origin: 'cli' as const, now: session.terminal.now() };
    // All or none: a mistyped id is told before anything is done.
    const done = await inAgency(session, agency, async (tx) => {
      const outcomes: { id: string; outcome: DiscardOutcome }[] = [];
      for (const letterId of new Set(ids)) {
        const outcome = await discardDeadLetter(tx, letterId, reason, act);
        if (outcome === 'unknown') throw unknownLetter(letterId);
        if (outcome === 'not-open') throw new CommandError(outcome, `The letter ${letterId} is resolved already.`);
        outcomes.push({ id: letterId, outcome });
      }
      return outcomes;
    });
    const rows = done.map((each) => [each.id, each.outcome]);
    return { data: { letters: done }, text: formatTable(['letter', 'outcome'], rows, '') };
  });
}

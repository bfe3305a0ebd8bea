import type { Command } from 'commander';
import type { Transaction } from 'kysely';
import { z } from 'zod';
import { discardDeadLetter, type DiscardOutcome } from '../../db/dead-letter-discard.ts';
import type { Database } from '../../db/schema.ts';
import { withSystemRole } from '../../db/scope.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { CommandError } from '../failure.ts';
import { id, inAgencyInput, text } from '../inputs.ts';
import { type Answer, formatTable } from '../output.ts';
import type { Session } from '../session.ts';
import { unknownLetter } from './show.ts';

const chosen = { letters: z.array(id).min(1).max(500), reason: text(500) };
const input = z.object({ ...inAgencyInput, ...chosen });
const unclaimedInput = z.object(chosen);

export function addDeadLettersDiscard(letters: Command, session: Session): void {
  const discard = addWhat(letters.command('discard').description('put letters away about which nothing is to be done'));
  addAgencyOption(discard);
  perform(discard, session, input, ({ agency, letters: ids, reason }) =>
    inAgency(session, agency, (tx) => discardAll(tx, session, ids, reason)),
  );
}

/** The same for what no agency is known for. */
export function addDeadLettersDiscardUnclaimed(letters: Command, session: Session): void {
  const discard = letters.command('discard-unclaimed').description('put letters of no agency that is known away');
  perform(addWhat(discard), session, unclaimedInput, async ({ letters: ids, reason }) =>
    withSystemRole(await session.db(), 'operators', (tx) => discardAll(tx, session, ids, reason)),
  );
}

const addWhat = (discard: Command): Command =>
  discard
    .argument('<letters...>', 'their ids, as the list shows them')
    .requiredOption('--reason <text>', 'why; it stands with the letter');

/** All or none: a mistyped id is told before anything is done. */
async function discardAll(tx: Transaction<Database>, session: Session, ids: string[], reason: string): Promise<Answer> {
  const act = { actor: session.actor, origin: 'cli' as const, now: session.terminal.now() };
  const done: { id: string; outcome: DiscardOutcome }[] = [];
  for (const letterId of new Set(ids)) {
    const outcome = await discardDeadLetter(tx, letterId, reason, act);
    if (outcome === 'unknown') throw unknownLetter(letterId);
    if (outcome === 'not-open') throw new CommandError(outcome, `The letter ${letterId} is resolved already.`);
    done.push({ id: letterId, outcome });
  }
  const rows = done.map((each) => [each.id, each.outcome]);
  return { data: { letters: done }, text: formatTable(['letter', 'outcome'], rows, '') };
}

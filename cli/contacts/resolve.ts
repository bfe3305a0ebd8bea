import type { Command } from 'commander';
import { z } from 'zod';
import { type Resolution, resolveConflict } from '../../db/contact-conflicts.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { CommandError } from '../failure.ts';
import { ghlId, id, inAgencyInput } from '../inputs.ts';
import type { Session } from '../session.ts';

const input = z
  .object({
    ...inAgencyInput,
    conflict: id,
    keep: z.enum(['ours', 'ghl'], 'wanted is ours or ghl').optional(),
    is: ghlId.optional(),
    discard: z.boolean().default(false),
  })
  .refine(
    (given) => [given.keep, given.is, given.discard || undefined].filter((each) => each !== undefined).length === 1,
    {
      path: ['keep'],
      message: 'name one of --keep, --is and --discard',
    },
  );

const REFUSALS = {
  unknown: 'The agency has no such conflict: contacts conflicts.',
  'not-held': 'It is decided already.',
  'does-not-fit':
    'This is no decision of such a conflict: a field is kept, a new contact is one of those named, or discarded.',
};

export function addContactsResolve(contacts: Command, session: Session): void {
  const resolve = contacts
    .command('resolve')
    .description('decide a conflict')
    .argument('<conflict>', 'its id in contacts conflicts')
    .option('--keep <side>', 'ours or ghl: whose value of the field stands')
    .option('--is <contact>', 'which contact of GHL the new one is')
    .option('--discard', 'the new contact is not to be');
  addAgencyOption(resolve);
  perform(resolve, session, input, async ({ agency, conflict, keep, is }) => {
    const resolution: Resolution = keep ? { keep } : is !== undefined ? { ghlContactId: is } : { discard: true };
    const act = { actor: session.actor, origin: 'cli' as const, now: session.terminal.now() };
    const outcome = await inAgency(session, agency, (tx) => resolveConflict(tx, conflict, resolution, act));
    if (outcome !== 'resolved') throw new CommandError(outcome, REFUSALS[outcome]);
    return { data: { id: conflict, outcome }, text: 'Decided.' };
  });
}

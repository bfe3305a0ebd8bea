import type { Command } from 'commander';
import { z } from 'zod';
import { wishOfRun } from '../../db/backfill-runs.ts';
import type { BackfillWish } from '../../domain/backfill.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { CommandError } from '../failure.ts';
import { id, inAgencyInput } from '../inputs.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';
import { getNamedRun } from './view.ts';

const input = z.object({ ...inAgencyInput, backfill: id });

const COMMANDS: { name: string; wish: BackfillWish; description: string; answer: string }[] = [
  { name: 'pause', wish: 'pause', description: 'let a run rest after the pages under way', answer: 'It rests soon.' },
  { name: 'resume', wish: 'run', description: 'let a paused run go on from where it is', answer: 'It goes on.' },
  {
    name: 'cancel',
    wish: 'cancel',
    description: 'end a run for good; what it has written stays',
    answer: 'It ends after the pages under way.',
  },
];

export function addBackfillWishes(backfill: Command, session: Session): void {
  for (const { name, wish, description, answer } of COMMANDS) {
    const command = backfill.command(name).description(description).argument('<backfill>', 'the run’s id');
    addAgencyOption(command);
    perform(command, session, input, async (given): Promise<Answer> => {
      await askOf(session, given, wish);
      return { data: { id: given.backfill, wanted: wish }, text: answer };
    });
  }
}

async function askOf(session: Session, given: z.infer<typeof input>, wish: BackfillWish): Promise<void> {
  const { agency: agencyId, backfill: runId } = given;
  const client = await session.client();
  const { workflow_id: workflowId } = await inAgency(session, agencyId, async (tx) => {
    const run = await getNamedRun(tx, runId);
    if (!(await wishOfRun(tx, { agencyId, runId }, wish, { actor: session.actor, origin: 'cli' }))) {
      throw run.ended_at === null
        ? new CommandError('backfill-cancelled', 'The backfill is being cancelled.')
        : new CommandError('backfill-over', 'The backfill is over. backfill start begins another.');
    }
    return run;
  });
  await client.wishBackfill({ workflowId, wish });
}

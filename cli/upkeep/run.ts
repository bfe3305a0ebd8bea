import { WorkflowFailedError } from '@temporalio/client';
import type { Command } from 'commander';
import { z } from 'zod';
import { auditOperator } from '../../db/operators.ts';
import { withSystemRole } from '../../db/scope.ts';
import { perform } from '../command.ts';
import { CommandError } from '../failure.ts';
import { type Answer, formatTable } from '../output.ts';
import type { Session } from '../session.ts';
import { describeDue, findDue } from './due.ts';

const input = z.object({ dryRun: z.boolean().default(false) });

export function addUpkeepRun(upkeep: Command, session: Session): void {
  const run = upkeep
    .command('run')
    .description('do now what the schedule does every six hours, and wait for its end; it can be repeated')
    .option('--dry-run', 'say what would go, and do nothing');
  perform(run, session, input, ({ dryRun }) => (dryRun ? tellDue(session) : runUpkeep(session)));
}

async function tellDue(session: Session): Promise<Answer> {
  const due = await findDue(await session.db(), await session.config());
  return { data: { isDryRun: true, ...due }, text: `${describeDue(due)}\n\nNothing was done.` };
}

async function runUpkeep(session: Session): Promise<Answer> {
  const client = await session.client();
  const act = { actor: session.actor, origin: 'cli', action: 'upkeep.run', subject: 'upkeep' };
  await withSystemRole(await session.db(), 'operators', (tx) => auditOperator(tx, act));
  const { result } = await client.startUpkeep();
  try {
    const report = await result();
    const rows: [string, string | number][] = [
      ['months made ahead', report.made],
      ...Object.entries(report.rows),
      ...report.dropped.map((name): [string, string] => [name, 'dropped']),
      ...report.held.map((name): [string, string] => [name, 'holds what is not over, and stays']),
    ];
    return { data: { isDryRun: false, ...report }, text: formatTable(['what', 'how many'], rows, '') };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const why = error.cause instanceof Error ? error.cause.message : 'it was ended';
    throw new CommandError('upkeep-failed', `Not all was done: ${why}. What was done stays done; run it again.`);
  }
}

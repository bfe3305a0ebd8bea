import type { Command } from 'commander';
import { z } from 'zod';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { id, inAgencyInput } from '../inputs.ts';
import type { Session } from '../session.ts';
import { describeRun, getShownRun } from './view.ts';
import { watchRun } from './watch.ts';

const input = z.object({ ...inAgencyInput, backfill: id, watch: z.boolean().default(false) });

export function addBackfillShow(backfill: Command, session: Session): void {
  const show = backfill
    .command('show')
    .description('how far a run is, part by part, and what its check proved')
    .argument('<backfill>', 'the run’s id')
    .option('--watch', 'go on showing until it ends');
  addAgencyOption(show);
  perform(show, session, input, async ({ agency, backfill: runId, watch }) =>
    describeRun(
      watch ? await watchRun(session, agency, runId) : await inAgency(session, agency, (tx) => getShownRun(tx, runId)),
    ),
  );
}

import type { Command } from 'commander';
import { z } from 'zod';
import { listBackfillParts, listBackfillRuns } from '../../db/backfill-runs.ts';
import { viewBackfillRun } from '../../domain/backfill-view.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { inAgencyInput, limit } from '../inputs.ts';
import { type Answer, formatTable } from '../output.ts';
import type { Session } from '../session.ts';

const input = z.object({ ...inAgencyInput, limit });

export function addBackfillList(backfill: Command, session: Session): void {
  const list = backfill.command('list').description('the newest runs first').option('--limit <n>', 'how many', '20');
  addAgencyOption(list);
  perform(list, session, input, (given) => listRuns(session, given));
}

async function listRuns(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const runs = await inAgency(session, given.agency, async (tx) => {
    const found = await listBackfillRuns(tx, given.limit);
    const ids = found.map(({ id }) => id);
    const parts = await listBackfillParts(tx, ids);
    return found.map((run) => {
      const own = parts.filter(({ run_id }) => run_id === run.id);
      return viewBackfillRun(run, own);
    });
  });
  const rows = runs.map(({ createdAt, state, progress, resources, id }) => [
    createdAt,
    state,
    `${progress.parts.ended} of ${progress.parts.total}`,
    progress.listed,
    resources.join(','),
    id,
  ]);
  const headings = ['created', 'state', 'parts', 'listed', 'resources', 'id'];
  return { data: runs, text: formatTable(headings, rows, 'There are no backfills.') };
}

import type { Command } from 'commander';
import { z } from 'zod';
import { listGaps } from '../../db/webhook-gaps.ts';
import { POLL_POLICY } from '../../domain/poll-rules.ts';
import { inAgency, perform } from '../command.ts';
import { limit } from '../inputs.ts';
import { getNamedLocation } from '../locations/reference.ts';
import { type Answer, formatTable } from '../output.ts';
import type { Session } from '../session.ts';
import { addLocationOption, ofLocationInput } from './location-option.ts';

const input = z.object({ ...ofLocationInput, limit });

export function addSyncGaps(sync: Command, session: Session): void {
  const gaps = sync
    .command('gaps')
    .description('changes that polling found and no webhook told in time, newest first')
    .option('--limit <n>', 'how many', '50');
  addLocationOption(gaps);
  perform(gaps, session, input, (given) => showGaps(session, given));
}

async function showGaps(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const data = await inAgency(session, given.agency, async (tx) => {
    const { id } = await getNamedLocation(tx, given.location);
    const options = { graceMs: POLL_POLICY.gapGraceMs, limit: given.limit, now: session.terminal.now() };
    return listGaps(tx, id, options);
  });
  const rows = data.map((gap) => [gap.resource, gap.ghlId, gap.kind, gap.changedAt, gap.foundAt, gap.toldAt]);
  const headings = ['of', 'id in GHL', 'was', 'when', 'found', 'told at last'];
  return { data, text: formatTable(headings, rows, 'Every change that polling found was told by a webhook.') };
}

import type { Command } from 'commander';
import { z } from 'zod';
import { listDriftHistory } from '../../db/drift-reports.ts';
import { viewDrift } from '../../db/sync-standing.ts';
import { inAgency, perform } from '../command.ts';
import { limit } from '../inputs.ts';
import { getNamedLocation } from '../locations/reference.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';
import { formatDrift } from './figures.ts';
import { addLocationOption, ofLocationInput } from './location-option.ts';

const input = z.object({ ...ofLocationInput, limit });

export function addSyncDrift(sync: Command, session: Session): void {
  const drift = sync
    .command('drift')
    .description('how far apart a location and GHL were each time it was compared, newest first')
    .option('--limit <n>', 'how many', '50');
  addLocationOption(drift);
  perform(drift, session, input, (given) => showDrift(session, given));
}

async function showDrift(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const data = await inAgency(session, given.agency, async (tx) => {
    const { id } = await getNamedLocation(tx, given.location);
    return (await listDriftHistory(tx, id, given.limit)).map(viewDrift);
  });
  return { data, text: formatDrift(data) };
}
